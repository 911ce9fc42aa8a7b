import type { StationView } from '@smartbox/contracts';
import { Button, VisuallyHidden } from '@mantine/core';
import { IconDeviceTv } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useLocale } from '../app/locale.ts';
import { useNow } from '../app/use-now.ts';
import { BufferBar } from '../console/BufferBar.tsx';
import { availableMs } from '../console/saves.ts';
import { useFeedHealth } from '../feed/FeedProvider.tsx';
import { clockTime, dayTime } from '../format/dates.ts';
import { stopwatch } from '../format/quantities.ts';
import { WhepPlayer } from '../live/WhepPlayer.tsx';
import { tileState } from '../live/tile-state.ts';
import { useBirthText, usePatientName } from '../ui/PatientText.tsx';
import { Badge, StateBadge } from '../ui/StateBadge.tsx';
import { roomLooks } from './looks.ts';
import classes from './Rooms.module.css';

export function RoomCard({ station, live }: { station: StationView; live: boolean }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const now = useNow();
  const nameOf = usePatientName();
  const bornOf = useBirthText();
  const feedAlive = useFeedHealth().status !== 'lost';
  const { procedure, recording } = station;
  return (
    <li className={classes.room} data-testid={`room-${station.stationId}`} data-recording={recording !== undefined}>
      <div className={classes.head}>
        <h2 className={classes.name}>{station.name}</h2>
        {recording ? (
          <Badge
            look={roomLooks.recording}
            text={stopwatch(now.getTime() - Date.parse(recording.startedAt))}
            size="md"
          />
        ) : !station.online ? (
          <Badge look={roomLooks.offline} text={t('rooms.offline')} />
        ) : procedure ? (
          <Badge look={roomLooks.used} text={t('rooms.inUse')} />
        ) : (
          <Badge look={roomLooks.free} text={t('rooms.free')} />
        )}
      </div>
      <div className={classes.tiles} data-count={Math.min(station.sources.length, 4)}>
        {station.sources.slice(0, 4).map((source) => (
          <div key={source.sourceId} className={classes.tile}>
            {live && station.online ? (
              <WhepPlayer station={station} source={source} compact />
            ) : (
              <div className={classes.noTile}>
                <span>{source.name}</span>
                <StateBadge state={live ? 'offline' : tileState(station, source, 'playing', feedAlive)} size="sm" />
              </div>
            )}
          </div>
        ))}
      </div>
      <div className={classes.patient}>
        {procedure ? (
          <>
            <strong>{nameOf(procedure.patient.name)}</strong>
            <span>
              {[bornOf(procedure.patient), procedure.description]
                .filter((part) => part !== '' && part !== undefined)
                .join(' · ')}
            </span>
            <span className={classes.soft}>
              {t('rooms.since', { time: clockTime(procedure.startedAt, locale) })} ·{' '}
              {t('rooms.clips', { count: procedure.clipCount })}
            </span>
          </>
        ) : (
          <span className={classes.soft}>
            {station.online ? t('rooms.noProcedure') : t('rooms.lastSeen', { time: dayTime(station.at, locale, now) })}
          </span>
        )}
      </div>
      <div className={classes.foot}>
        {procedure && station.online && (
          <div className={classes.buffer}>
            <BufferBar
              availableMs={feedAlive ? availableMs(station) : undefined}
              windowMs={station.window?.windowMs ?? station.windowMs}
              name={t('rooms.buffer')}
            />
          </div>
        )}
        <Button
          component={Link}
          to={`/console/${station.stationId}`}
          variant={procedure ? 'filled' : 'default'}
          leftSection={<IconDeviceTv size={18} aria-hidden />}
          data-testid={`open-${station.stationId}`}
        >
          {t('rooms.open')}
          <VisuallyHidden>{station.name}</VisuallyHidden>
        </Button>
      </div>
    </li>
  );
}
