import type { StationView } from '@smartbox/contracts';
import { ActionIcon } from '@mantine/core';
import { IconAlertTriangleFilled, IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useLocale } from '../app/locale.ts';
import { useAlarms } from '../feed/FeedProvider.tsx';
import { clockTime } from '../format/dates.ts';
import classes from './Rooms.module.css';

/** What the line complains about, newest first, each once with a count. */
export function Alarms({ stations }: { stations: readonly StationView[] }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const { alarms, dismissAlarm } = useAlarms();
  if (alarms.length === 0) return null;
  const where = (stationId: string | undefined, sourceId: string | undefined) => {
    const station = stations.find((s) => s.stationId === stationId);
    const source = station?.sources.find((s) => s.sourceId === sourceId);
    return [station?.name ?? stationId, source?.name ?? sourceId].filter((part) => part !== undefined).join(' · ');
  };
  return (
    <section className={classes.alarms} aria-label={t('rooms.alarms')} data-tone="warn">
      {alarms.slice(0, 6).map((alarm) => (
        <div key={alarm.key} className={classes.alarm} role="status">
          <IconAlertTriangleFilled size={20} aria-hidden />
          <span className={classes.alarmTime}>{clockTime(alarm.at, locale, true)}</span>
          <strong>{where(alarm.stationId, alarm.sourceId)}</strong>
          <span className={classes.alarmText}>
            {alarm.reason}
            {alarm.times > 1 && ` (${alarm.times}×)`}
          </span>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            onClick={() => dismissAlarm(alarm.key)}
            aria-label={t('rooms.dismiss')}
          >
            <IconX size={18} aria-hidden />
          </ActionIcon>
        </div>
      ))}
    </section>
  );
}
