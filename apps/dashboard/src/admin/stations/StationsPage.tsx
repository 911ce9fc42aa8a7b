import type { StationSettings, StationView } from '@smartbox/contracts';
import { Anchor, Button } from '@mantine/core';
import { IconCircleCheck, IconPlugConnectedX, IconPlus, IconQuestionMark } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { stationSettingsOptions } from '../../api/admin.ts';
import { useStations } from '../../api/queries.ts';
import { useLocale } from '../../app/locale.ts';
import { useFeedHealth } from '../../feed/FeedProvider.tsx';
import { dayTime } from '../../format/dates.ts';
import { count, stopwatch } from '../../format/quantities.ts';
import { tileState } from '../../live/tile-state.ts';
import { PageTitle } from '../../ui/PageTitle.tsx';
import panel from '../../ui/Panel.module.css';
import { Empty, Failed, Loading } from '../../ui/Placeholder.tsx';
import { Badge, StateBadge } from '../../ui/StateBadge.tsx';
import { ConfigNote } from '../ConfigNote.tsx';
import { rowsOf } from './facts.ts';
import type { Row } from './facts.ts';
import { FirstRunNotice } from './FirstRunNotice.tsx';
import { ClockBadge, SpoolBadge } from './StationFacts.tsx';
import classes from './Stations.module.css';
import { useFormatText } from './useFormatText.ts';

const looks = {
  online: ['good', IconCircleCheck],
  offline: ['bad', IconPlugConnectedX],
  unknown: ['warn', IconQuestionMark],
} as const;

/** Every capture machine and its sources: what is there, what is set, what is wrong. */
export function StationsPage() {
  const { t } = useTranslation();
  const feedAlive = useFeedHealth().status !== 'lost';
  const { data: stations, error, isPending, refetch } = useStations(feedAlive);
  const { data: files } = useQuery(stationSettingsOptions);
  return (
    <>
      <PageTitle title={t('station.title')} subtitle={t('station.hint')}>
        <Button component={Link} to="/admin/set-up" leftSection={<IconPlus size={18} aria-hidden />}>
          {t('station.setUp')}
        </Button>
      </PageTitle>
      <ConfigNote area="stations" />
      <FirstRunNotice stations={stations ?? []} />
      {stations ? (
        stations.length === 0 ? (
          <Empty title={t('station.empty')} hint={t('station.emptyHint')}>
            <Button component={Link} to="/admin/set-up" size="md">
              {t('station.setUp')}
            </Button>
          </Empty>
        ) : (
          <ul className={classes.list} data-testid="stations">
            {stations.map((station) => (
              <StationRow key={station.stationId} station={station} files={files} />
            ))}
          </ul>
        )
      ) : isPending ? (
        <Loading />
      ) : (
        <Failed error={error} onRetry={() => void refetch()} />
      )}
    </>
  );
}

interface Props {
  station: StationView;
  /** Undefined while they are not read. */
  files: readonly StationSettings[] | undefined;
}

function StationRow({ station, files }: Props) {
  const { t } = useTranslation();
  const locale = useLocale();
  const isKnown = files === undefined || files.some(({ stationId }) => stationId === station.stationId);
  const state = station.online ? (isKnown ? 'online' : 'unknown') : 'offline';
  return (
    <li className={panel.panel} data-testid={`station-${station.stationId}`} data-online={station.online}>
      <div className={classes.head}>
        <h2 className={classes.name}>
          <Anchor component={Link} to={`/admin/stations/${station.stationId}`}>
            {station.name}
          </Anchor>
          <code>{station.stationId}</code>
        </h2>
        <Badge look={looks[state]} text={t(`station.state.${state}`)} />
      </div>
      <dl className={classes.facts}>
        <div>
          <dt>{t('station.clock.title')}</dt>
          <dd>
            <ClockBadge station={station} size="sm" />
          </dd>
        </div>
        <div>
          <dt>{t('station.spool.title')}</dt>
          <dd>
            <SpoolBadge station={station} size="sm" />
          </dd>
        </div>
        <div>
          <dt>{t('station.answers')}</dt>
          <dd>
            {station.online
              ? (station.host ?? '–')
              : t('rooms.lastSeen', { time: dayTime(station.at, locale, new Date()) })}
          </dd>
        </div>
        <div>
          <dt>{t('station.software')}</dt>
          <dd>{station.software || '–'}</dd>
        </div>
      </dl>
      <SourceTable station={station} rows={rowsOf(station, files)} />
    </li>
  );
}

function SourceTable({ station, rows }: { station: StationView; rows: Row[] }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const formatText = useFormatText();
  const feedAlive = useFeedHealth().status !== 'lost';
  if (rows.length === 0) return <p className={panel.soft}>{t('station.noSources')}</p>;
  return (
    <table className={`${classes.table} ${panel.stacked}`}>
      <thead>
        <tr>
          <th>{t('station.source')}</th>
          <th>{t('recordings.state')}</th>
          <th>{t('station.format')}</th>
          <th className={classes.number}>{t('station.drops')}</th>
          <th className={classes.number}>{t('station.ring')}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ sourceId, name, source, settings, isUnset }) => {
          const held = station.window?.sources.find((each) => each.sourceId === sourceId);
          return (
            <tr key={sourceId} data-testid={`source-${sourceId}`}>
              <td data-label={t('station.source')}>
                <strong>{name}</strong> <span className={panel.soft}>{settings?.kind ?? source?.kind}</span>
              </td>
              <td data-label={t('recordings.state')}>
                {source ? (
                  <>
                    <StateBadge state={tileState(station, source, 'playing', feedAlive)} size="sm" />
                    {source.reason !== undefined && <p className={classes.reason}>{source.reason}</p>}
                  </>
                ) : (
                  <Badge look={looks.unknown} text={t('station.notThere')} size="sm" />
                )}
                {isUnset && <p className={classes.reason}>{t('station.notSet')}</p>}
              </td>
              <td data-label={t('station.format')}>{source ? formatText(source) : '–'}</td>
              <td data-label={t('station.drops')} className={classes.number}>
                {source ? count(source.droppedFrames, locale) : '–'}
              </td>
              <td data-label={t('station.ring')} className={classes.number}>
                {held ? stopwatch(held.availableMs) : '–'}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
