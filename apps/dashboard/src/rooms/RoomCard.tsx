import type { StationView } from '@smartbox/contracts';
import { Button, VisuallyHidden } from '@mantine/core';
import { IconDeviceTv, IconEye } from '@tabler/icons-react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useMay } from '../account/session.ts';
import { useLocale } from '../app/locale.ts';
import { useNow } from '../app/use-now.ts';
import { BufferBar } from '../console/BufferBar.tsx';
import { availableMs } from '../console/saves.ts';
import { useFeedHealth } from '../feed/FeedProvider.tsx';
import { clockTime, dayTime } from '../format/dates.ts';
import { initials } from '../format/person-name.ts';
import { useBirthText, usePatientName } from '../ui/PatientText.tsx';
import { RoomSave } from './RoomSave.tsx';
import { RoomState } from './RoomState.tsx';
import { RoomTiles } from './RoomTiles.tsx';
import classes from './Rooms.module.css';

interface Props {
  station: StationView;
  live: boolean;
  place: number;
  sources: number;
  /** A screen in the corridor shows initials only. */
  hideNames: boolean;
}

/** One room: who, what, since when, recording, how much can be saved. Drawn anew only when this room changes. */
export const RoomCard = memo(function RoomCard({ station, live, place, sources, hideNames }: Props) {
  const { t } = useTranslation();
  const locale = useLocale();
  const now = useNow();
  const nameOf = usePatientName();
  const bornOf = useBirthText();
  const may = useMay();
  const feedAlive = useFeedHealth().status !== 'lost';
  const { procedure, recording } = station;
  return (
    <li className={classes.room} data-testid={`room-${station.stationId}`} data-recording={recording !== undefined}>
      <div className={classes.head}>
        <h2 className={classes.name}>{station.name}</h2>
        <RoomState station={station} />
      </div>
      <RoomTiles station={station} live={live} place={place} sources={sources} />
      <div className={classes.patient}>
        {procedure ? (
          <>
            <strong>{hideNames ? initials(procedure.patient.name) : nameOf(procedure.patient.name)}</strong>
            <span>
              {[hideNames ? '' : bornOf(procedure.patient), procedure.description]
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
      {procedure && station.online && may('clip.save-remote') && <RoomSave station={station} procedure={procedure} />}
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
        <div className={classes.doors}>
          {may('live.watch') && (
            <Button
              component={Link}
              to={`/rooms/${station.stationId}`}
              variant={procedure ? 'filled' : 'default'}
              leftSection={<IconEye size={18} aria-hidden />}
              data-testid={`watch-${station.stationId}`}
            >
              {t('rooms.watch')}
              <VisuallyHidden>{station.name}</VisuallyHidden>
            </Button>
          )}
          {may('procedure.run') && (
            <Button
              component={Link}
              to={`/console/${station.stationId}`}
              variant="default"
              leftSection={<IconDeviceTv size={18} aria-hidden />}
              data-testid={`open-${station.stationId}`}
            >
              {t('rooms.open')}
              <VisuallyHidden>{station.name}</VisuallyHidden>
            </Button>
          )}
        </div>
      </div>
    </li>
  );
});
