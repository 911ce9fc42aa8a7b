import type { StationView } from '@smartbox/contracts';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useFeedHealth } from '../feed/FeedProvider.tsx';
import { tileState } from '../live/tile-state.ts';
import { RoomPastContext, useRoomPast } from '../live/useRoomPast.ts';
import { WhepPlayer } from '../live/WhepPlayer.tsx';
import { StateBadge } from '../ui/StateBadge.tsx';
import classes from './Rooms.module.css';
import { SmallRoomTimeline } from './RoomTimeline.tsx';
import { useJoinTurn } from './useJoinTurn.ts';

interface Props {
  station: StationView;
  live: boolean;
  /** Place among the rooms: they join one after the other. */
  place: number;
  /** How many sources are shown; the others are counted. */
  sources: number;
}

/** The room's pictures, joined once the card is on the screen. */
export function RoomTiles({ station, live, place, sources }: Props) {
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const joined = useJoinTurn(box, place, live && station.online);
  const feedAlive = useFeedHealth().status !== 'lost';
  const shown = station.sources.slice(0, sources);
  const more = station.sources.length - shown.length;
  return (
    <div ref={box} className={classes.tiles} data-count={shown.length} data-joined={joined}>
      {joined && shown.length > 1 ? (
        <Together station={station} shown={shown} />
      ) : (
        shown.map((source) => (
          <div key={source.sourceId} className={classes.tile}>
            {joined ? (
              <WhepPlayer station={station} source={source} compact />
            ) : (
              <div className={classes.noTile}>
                <span>{source.name}</span>
                {live && station.online ? (
                  <span>{t('roomLive.waiting')}</span>
                ) : (
                  <StateBadge state={tileState(station, source, 'playing', feedAlive)} size="sm" />
                )}
              </div>
            )}
          </div>
        ))
      )}
      {more > 0 && <span className={classes.more}>{t('roomLive.more', { count: more })}</span>}
    </div>
  );
}

/** Several pictures of a room, with one timeline for all of them. */
function Together({ station, shown }: Pick<Props, 'station'> & { shown: StationView['sources'] }) {
  const roomPast = useRoomPast(station.procedure?.procedureId);
  return (
    <RoomPastContext value={roomPast.context}>
      {shown.map((source) => (
        <div key={source.sourceId} className={classes.tile}>
          <WhepPlayer station={station} source={source} compact />
        </div>
      ))}
      {station.procedure && (
        <div className={classes.past}>
          <SmallRoomTimeline station={station} roomPast={roomPast} sources={shown.length} />
        </div>
      )}
    </RoomPastContext>
  );
}
