import type { StationView } from '@smartbox/contracts';
import { IconArrowsMaximize, IconArrowsMinimize } from '@tabler/icons-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { RoomPastContext } from '../live/useRoomPast.ts';
import type { RoomPast } from '../live/useRoomPast.ts';
import { WhepPlayer } from '../live/WhepPlayer.tsx';
import { BufferBar } from './BufferBar.tsx';
import classes from './LiveGrid.module.css';

interface Props {
  station: StationView;
  feedAlive: boolean;
  /** What the pictures share when they look back. */
  roomPast: RoomPast;
  /** Each picture may fill the screen. */
  fullScreen?: boolean;
  overlay?: (source: string, aspect: number | undefined) => ReactNode;
}

/** Every source of the room, live; a tap on the corner makes one large. */
export function LiveGrid({ station, feedAlive, roomPast, fullScreen = false, overlay }: Props) {
  const { t } = useTranslation();
  const [large, setLarge] = useState<string>();
  const known = station.sources.some((s) => s.sourceId === large);
  return (
    <section
      className={classes.grid}
      data-count={station.sources.length}
      data-large={known}
      aria-label={t('worklist.sources')}
    >
      {station.sources.map((source) => (
        <div key={source.sourceId} className={classes.cell} data-large={source.sourceId === large}>
          <div className={classes.picture}>
            <RoomPastContext value={roomPast.context}>
              <WhepPlayer
                station={station}
                source={source}
                fullScreen={fullScreen}
                {...(overlay && { overlay: (aspect) => overlay(source.sourceId, aspect) })}
              />
            </RoomPastContext>
            {station.sources.length > 1 && (
              <button
                type="button"
                className={classes.enlarge}
                aria-label={
                  source.sourceId === large ? t('console.shrink') : t('console.enlarge', { name: source.name })
                }
                onClick={() => setLarge(source.sourceId === large ? undefined : source.sourceId)}
              >
                {source.sourceId === large ? (
                  <IconArrowsMinimize size={32} aria-hidden />
                ) : (
                  <IconArrowsMaximize size={32} aria-hidden />
                )}
              </button>
            )}
          </div>
          <BufferBar
            availableMs={
              feedAlive ? station.window?.sources.find((s) => s.sourceId === source.sourceId)?.availableMs : undefined
            }
            windowMs={station.window?.windowMs ?? station.windowMs}
            name={source.name}
          />
        </div>
      ))}
    </section>
  );
}
