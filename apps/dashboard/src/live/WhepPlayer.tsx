import type { StationView } from '@smartbox/contracts';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useFeedHealth } from '../feed/FeedProvider.tsx';
import { StateBadge } from '../ui/StateBadge.tsx';
import { tileState } from './tile-state.ts';
import type { SourceView } from './tile-state.ts';
import { useWhep } from './useWhep.ts';
import classes from './WhepPlayer.module.css';

interface Props {
  station: StationView;
  source: SourceView;
  /** Small tiles on the desk leave the details out. */
  compact?: boolean;
  enabled?: boolean;
}

/**
 * One source, live by WHEP. Only frames that arrive are called live; anything else dims the picture and says what it
 * is. Figures for tests and for support are in the `data-` attributes.
 */
export function WhepPlayer({ station, source, compact = false, enabled = true }: Props) {
  const { t } = useTranslation();
  const video = useRef<HTMLVideoElement>(null);
  const feedAlive = useFeedHealth().status !== 'lost';
  const { state: player, metrics } = useWhep(video, station.stationId, source.sourceId, enabled);
  const state = tileState(station, source, player, feedAlive);
  const shown = metrics.firstFrameMs !== undefined;
  return (
    <div
      className={classes.tile}
      data-surface="dark"
      data-testid={`live-${source.sourceId}`}
      data-state={state}
      data-player={player}
      data-compact={compact}
      data-first-frame-ms={metrics.firstFrameMs}
      data-frames={metrics.frames}
      data-reconnects={metrics.reconnects}
      data-jitter-buffer-ms={metrics.jitterBufferMs}
      data-round-trip-ms={metrics.roundTripMs}
      data-last-end={metrics.lastEnd}
    >
      <video
        ref={video}
        className={classes.video}
        muted
        autoPlay
        playsInline
        disablePictureInPicture
        aria-label={t('player.label', { source: source.name })}
      />
      {state !== 'live' && (
        <div className={classes.veil} data-over-picture={shown}>
          <StateBadge state={state} size={compact ? 'md' : 'xl'} />
          {!compact && source.reason !== undefined && state === source.state && (
            <p className={classes.reason}>{source.reason}</p>
          )}
        </div>
      )}
      <div className={classes.caption}>
        <span className={classes.name}>{source.name}</span>
        {state === 'live' && <StateBadge state="live" size={compact ? 'sm' : 'md'} />}
      </div>
      <span className={classes.observation}>{t('console.observation')}</span>
    </div>
  );
}
