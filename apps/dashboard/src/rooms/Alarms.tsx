import { alarmCodes, type AlarmCode, type AlarmView, type StationView } from '@smartbox/contracts';
import { Button } from '@mantine/core';
import { IconAlertTriangleFilled, IconCheck, IconCircleCheck } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../account/session.ts';
import { api } from '../api/client.ts';
import { keys, useAlarms } from '../api/queries.ts';
import { useLocale } from '../app/locale.ts';
import { dayTime } from '../format/dates.ts';
import { useAuditText } from '../ui/useAuditText.ts';
import classes from './Alarms.module.css';

const SHOWN = 6;
const codeKey = (code: string): AlarmCode | 'other' => alarmCodes.find((known) => known === code) ?? 'other';

/** What the line complains about, newest first, each once with a count, until somebody has said that it was seen. */
export function Alarms({ stations }: { stations: readonly StationView[] }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const may = useMay()('alarm.acknowledge');
  const { data: alarms = [] } = useAlarms();
  const [showSeen, setShowSeen] = useState(false);
  const acknowledge = useMutation({
    mutationFn: async (some: readonly AlarmView[]) => {
      for (const { code, stationId, sourceId, at } of some) {
        const items = await api.acknowledgeAlarm({
          code,
          upTo: at,
          ...(stationId === undefined ? {} : { stationId }),
          ...(sourceId === undefined ? {} : { sourceId }),
        });
        client.setQueryData(keys.alarms, items);
      }
    },
    onSettled: () => client.invalidateQueries({ queryKey: keys.alarms }),
  });
  const open = alarms.filter((alarm) => !alarm.acknowledged);
  const seen = alarms.filter((alarm) => alarm.acknowledged);
  if (alarms.length === 0) return null;
  return (
    <section className={classes.alarms} aria-label={t('rooms.alarms')} data-testid="alarms">
      {open.slice(0, SHOWN).map((alarm) => (
        <AlarmRow
          key={keyOf(alarm)}
          alarm={alarm}
          stations={stations}
          busy={acknowledge.isPending}
          onSeen={may ? () => acknowledge.mutate([alarm]) : undefined}
        />
      ))}
      <div className={classes.foot}>
        {may && open.length > 1 && (
          <>
            <span>{t('alarm.open', { count: open.length })}</span>
            <Button
              size="sm"
              variant="default"
              loading={acknowledge.isPending}
              onClick={() => acknowledge.mutate(open)}
              data-testid="acknowledge-all"
            >
              {t('alarm.acknowledgeAll')}
            </Button>
          </>
        )}
        {seen.length > 0 && (
          <Button size="sm" variant="subtle" onClick={() => setShowSeen(!showSeen)} data-testid="show-seen">
            {showSeen ? t('alarm.hideSeen') : t('alarm.showSeen', { count: seen.length })}
          </Button>
        )}
      </div>
      {showSeen && seen.map((alarm) => <AlarmRow key={keyOf(alarm)} alarm={alarm} stations={stations} />)}
    </section>
  );
}

const keyOf = ({ code, stationId, sourceId }: AlarmView) => [code, stationId, sourceId].join('|');

interface RowProps {
  alarm: AlarmView;
  stations: readonly StationView[];
  busy?: boolean;
  onSeen?: (() => void) | undefined;
}

function AlarmRow({ alarm, stations, busy = false, onSeen }: RowProps) {
  const { t } = useTranslation();
  const locale = useLocale();
  const text = useAuditText();
  const time = (at: string) => dayTime(at, locale, new Date());
  const station = stations.find((s) => s.stationId === alarm.stationId);
  const source = station?.sources.find((s) => s.sourceId === alarm.sourceId);
  const where = [station?.name ?? alarm.stationId, source?.name ?? alarm.sourceId].filter((part) => part !== undefined);
  const { acknowledged } = alarm;
  const tone = acknowledged ? 'idle' : alarm.over ? 'warn' : 'bad';
  return (
    <div className={classes.alarm} role="status" data-tone={tone} data-testid={`alarm-${alarm.code}`}>
      {acknowledged ? <IconCircleCheck size={22} aria-hidden /> : <IconAlertTriangleFilled size={22} aria-hidden />}
      <span className={classes.time}>{time(alarm.at)}</span>
      <span className={classes.text}>
        <strong>
          {[where.join(' · '), t(`alarm.code.${codeKey(alarm.code)}`)].filter(Boolean).join(': ')}
          {alarm.over && ` (${t('alarm.over')})`}
        </strong>
        <span lang="en">{alarm.reason}</span>
        {alarm.times > 1 && (
          <span className={classes.soft}>{t('alarm.times', { count: alarm.times, time: time(alarm.firstAt) })}</span>
        )}
        {acknowledged && (
          <span className={classes.soft}>
            {t('alarm.acknowledged', {
              by: acknowledged.by === 'local' ? t('alarm.someone') : text.actor(acknowledged.by),
              time: time(acknowledged.at),
            })}
          </span>
        )}
      </span>
      {onSeen && (
        <Button
          size="sm"
          variant="default"
          leftSection={<IconCheck size={16} aria-hidden />}
          disabled={busy}
          onClick={onSeen}
          data-testid={`acknowledge-${alarm.code}`}
        >
          {t('alarm.acknowledge')}
        </Button>
      )}
    </div>
  );
}
