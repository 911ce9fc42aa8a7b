import type { StationView } from '@smartbox/contracts';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { stopwatch } from '../format/quantities.ts';
import { useFeedHealth } from '../feed/FeedProvider.tsx';
import { StateBadge } from '../ui/StateBadge.tsx';
import { PastStrip } from './PastStrip.tsx';
import { tileState } from './tile-state.ts';
import type { SourceView } from './tile-state.ts';
import { usePast } from './usePast.ts';
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
 * One source: live by WHEP, its past by HLS over it. Only frames that arrive are called live; anything else dims the
 * picture and says what it is; the past says how long ago it was. The live picture goes on beneath, so that coming
 * back takes no time. Figures for tests and for support are in the `data-` attributes.
 */
export function WhepPlayer({ station, source, compact = false, enabled = true }: Props) {
  const { t } = useTranslation();
  const video = useRef<HTMLVideoElement>(null);
  const feedAlive = useFeedHealth().status !== 'lost';
  const { state: player, metrics } = useWhep(video, station.stationId, source.sourceId, enabled);
  const state = tileState(station, source, player, feedAlive);
  const pastVideo = useRef<HTMLVideoElement>(null);
  const past = usePast(pastVideo, station.stationId, source.sourceId, station.procedure?.procedureId);
  const back = past.askedMs !== undefined;
  const availableMs = station.window?.sources.find((one) => one.sourceId === source.sourceId)?.availableMs;
  const shown = metrics.firstFrameMs !== undefined;
  return (
    <div
      className={classes.tile}
      data-surface="dark"
      data-testid={`live-${source.sourceId}`}
      data-state={back ? 'past' : state}
      data-behind-ms={past.behindMs === undefined ? undefined : Math.round(past.behindMs)}
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
      <video
        ref={pastVideo}
        className={classes.past}
        hidden={!back}
        muted
        playsInline
        disablePictureInPicture
        aria-label={t('player.label', { source: source.name })}
        data-testid={`past-${source.sourceId}`}
      />
      {!back && state !== 'live' && (
        <div className={classes.veil} data-over-picture={shown}>
          <StateBadge state={state} size={compact ? 'md' : 'xl'} />
          {!compact && station.online && source.reason !== undefined && state === source.state && (
            <p className={classes.reason}>{source.reason}</p>
          )}
        </div>
      )}
      <div className={classes.caption}>
        <span className={classes.name}>{source.name}</span>
        {back ? (
          <span className={classes.ago} data-testid="past-ago">
            {t('rewind.notLive')} · {t('rewind.ago', { time: stopwatch(past.behindMs ?? past.askedMs ?? 0) })}
            {past.behindMs === undefined && ` · ${t('rewind.loading')}`}
          </span>
        ) : (
          state === 'live' && <StateBadge state="live" size={compact ? 'sm' : 'md'} />
        )}
      </div>
      {past.notice && (
        <p className={classes.notice} role="status" data-testid="past-notice">
          {t(`rewind.${past.notice}`)}
        </p>
      )}
      {station.procedure && <PastStrip past={past} name={source.name} availableMs={availableMs} compact={compact} />}
      <span className={classes.observation}>{t('console.observation')}</span>
    </div>
  );
}
