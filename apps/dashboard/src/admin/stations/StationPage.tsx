import type { StationSettings, StationView } from '@smartbox/contracts';
import { Button } from '@mantine/core';
import { IconArrowLeft, IconCamera, IconDeviceTv } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { stationSettingsOptions } from '../../api/admin.ts';
import { useStations } from '../../api/queries.ts';
import { useLocale } from '../../app/locale.ts';
import { BufferBar } from '../../console/BufferBar.tsx';
import { useFeedHealth } from '../../feed/FeedProvider.tsx';
import { dateTime, dayTime } from '../../format/dates.ts';
import { bytes, count, stopwatch } from '../../format/quantities.ts';
import { WhepPlayer } from '../../live/WhepPlayer.tsx';
import { PageTitle } from '../../ui/PageTitle.tsx';
import panel from '../../ui/Panel.module.css';
import { Empty, Failed, Loading } from '../../ui/Placeholder.tsx';
import admin from '../Admin.module.css';
import { ConfigNote } from '../ConfigNote.tsx';
import { rowsOf } from './facts.ts';
import type { Row } from './facts.ts';
import { ClockBadge, SpoolBadge } from './StationFacts.tsx';
import classes from './Stations.module.css';
import { TestSource } from './TestSource.tsx';
import { useFormatText } from './useFormatText.ts';

/** One capture machine: where it answers, and each of its sources as it is and as it is set. */
export function StationPage() {
  const { t } = useTranslation();
  const { stationId = '' } = useParams();
  const feedAlive = useFeedHealth().status !== 'lost';
  const { data: stations, error, refetch } = useStations(feedAlive);
  const { data: files } = useQuery(stationSettingsOptions);
  const station = stations?.find((each) => each.stationId === stationId);
  return (
    <>
      <Link to="/admin/stations" className={admin.back}>
        <IconArrowLeft size={18} aria-hidden />
        {t('station.title')}
      </Link>
      {station ? (
        <Station station={station} files={files} />
      ) : stations ? (
        <Empty title={t('station.unknown', { station: stationId })} />
      ) : error ? (
        <Failed error={error} onRetry={() => void refetch()} />
      ) : (
        <Loading />
      )}
    </>
  );
}

function Station({ station, files }: { station: StationView; files: readonly StationSettings[] | undefined }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const settings = files?.find(({ stationId }) => stationId === station.stationId);
  const { online, host, addresses = [], diskFreeBytes } = station;
  return (
    <div className={admin.stack} data-testid="station-page">
      <div>
        <PageTitle title={station.name} subtitle={station.stationId}>
          <Button
            component={Link}
            to={`/admin/stations/${station.stationId}/devices`}
            variant="default"
            leftSection={<IconCamera size={18} aria-hidden />}
            data-testid="find-cameras"
          >
            {t('cameras.find')}
          </Button>
          <Button
            component={Link}
            to={`/console/${station.stationId}`}
            variant="default"
            leftSection={<IconDeviceTv size={18} aria-hidden />}
          >
            {t('rooms.open')}
          </Button>
        </PageTitle>
        <ConfigNote area="stations" path={`stations/${station.stationId}.yaml`} />
        {!online && (
          <p className={admin.notice} data-tone="bad" role="status">
            {t('station.silent', { time: dateTime(station.at, locale) })}
          </p>
        )}
      </div>
      <section className={panel.panel}>
        <h2>{t('station.machine')}</h2>
        <dl className={admin.facts}>
          <dt>{t('station.answers')}</dt>
          <dd>{host === undefined ? '–' : [host, ...addresses].join(' · ')}</dd>
          <dt>{t('station.lastSign')}</dt>
          <dd>{dateTime(station.at, locale)}</dd>
          <dt>{t('station.clock.title')}</dt>
          <dd>
            <ClockBadge station={station} size="sm" />
          </dd>
          <dt>{t('station.spool.title')}</dt>
          <dd>
            <SpoolBadge station={station} size="sm" />{' '}
            {station.spool && t('station.spool.of', { size: bytes(station.spool.maxBytes, locale) })}
          </dd>
          <dt>{t('station.disk')}</dt>
          <dd>{diskFreeBytes === undefined ? '–' : bytes(diskFreeBytes, locale)}</dd>
          <dt>{t('station.broker')}</dt>
          <dd>{t(station.brokerOk ? 'station.brokerOk' : 'station.brokerLost')}</dd>
          <dt>{t('station.window')}</dt>
          <dd>
            {stopwatch(station.windowMs)}
            {settings && ` · ${t('station.ringMax', { size: bytes(settings.maxBytes, locale) })}`}
          </dd>
          <dt>{t('destinations.ae')}</dt>
          <dd className={panel.mono}>{settings?.aeTitle ?? '–'}</dd>
          <dt>{t('station.software')}</dt>
          <dd>{station.software || '–'}</dd>
        </dl>
      </section>
      {rowsOf(station, files).map((row) => (
        <SourcePanel key={row.sourceId} station={station} row={row} />
      ))}
    </div>
  );
}

function SourcePanel({ station, row }: { station: StationView; row: Row }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const formatText = useFormatText();
  const feedAlive = useFeedHealth().status !== 'lost';
  const { sourceId, name, source, settings, isUnset } = row;
  const held = station.window?.sources.find((each) => each.sourceId === sourceId);
  const size =
    settings?.width !== undefined && settings.height !== undefined && `${settings.width} × ${settings.height}`;
  return (
    <section className={panel.panel} data-testid={`source-${sourceId}`}>
      <h2>{name}</h2>
      {isUnset && <p className={classes.reason}>{t('station.notSet')}</p>}
      <div className={classes.columns}>
        <div>
          <div className={classes.tile}>
            {source && <WhepPlayer station={station} source={source} compact enabled={station.online} />}
          </div>
          <TestSource stationId={station.stationId} sourceId={sourceId} name={name} />
        </div>
        <dl className={admin.facts}>
          {source ? (
            <>
              <dt>{t('station.format')}</dt>
              <dd>{formatText(source)}</dd>
              <dt>{t('station.encoder')}</dt>
              <dd>{source.encoder ?? '–'}</dd>
              <dt>{t('station.since')}</dt>
              <dd>{dayTime(source.since, locale, new Date())}</dd>
              <dt>{t('station.lastPicture')}</dt>
              <dd>{source.lastFrameAt === undefined ? '–' : dayTime(source.lastFrameAt, locale, new Date())}</dd>
              <dt>{t('station.drops')}</dt>
              <dd>{count(source.droppedFrames, locale)}</dd>
            </>
          ) : (
            <>
              <dt>{t('recordings.state')}</dt>
              <dd>{t('station.notThere')}</dd>
            </>
          )}
          <dt>{t('station.ring')}</dt>
          <dd>
            {held && feedAlive ? (
              <>
                <BufferBar
                  availableMs={held.availableMs}
                  windowMs={station.window?.windowMs ?? station.windowMs}
                  name={name}
                />
                {t('station.fragments', { count: held.fragments, size: bytes(held.bytes, locale) })}
              </>
            ) : (
              '–'
            )}
          </dd>
          {settings && (
            <>
              <dt>{t('station.set')}</dt>
              <dd>
                {[
                  settings.kind,
                  settings.mode === 'listen' && t('station.listens'),
                  size,
                  `${settings.frameRate} fps`,
                  `${count(settings.bitrate / 1_000_000, locale)} Mbit/s`,
                  settings.encode === 'always' && t('station.always'),
                ]
                  .filter((part) => typeof part === 'string')
                  .join(' · ')}
              </dd>
              {settings.address !== undefined && (
                <>
                  <dt>{t('station.address')}</dt>
                  <dd className={panel.mono}>{settings.address}</dd>
                </>
              )}
              <dt>{t('station.pacs')}</dt>
              <dd>{t(settings.pacs ? 'station.pacsYes' : 'station.pacsNo')}</dd>
            </>
          )}
        </dl>
      </div>
    </section>
  );
}
