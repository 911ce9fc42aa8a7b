import type { StationView } from '@smartbox/contracts';
import { useFullscreenElement } from '@mantine/hooks';
import { IconInfoCircle, IconMaximize, IconMinimize } from '@tabler/icons-react';
import { useContext, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { stopwatch } from '../format/quantities.ts';
import { useFeedHealth } from '../feed/FeedProvider.tsx';
import { StateBadge } from '../ui/StateBadge.tsx';
import { FiguresPanel } from './FiguresPanel.tsx';
import { PastStrip } from './PastStrip.tsx';
import { tileState } from './tile-state.ts';
import type { SourceView } from './tile-state.ts';
import { useFallback } from './useFallback.ts';
import { useLive } from './useLive.ts';
import { usePast } from './usePast.ts';
import { RoomPastContext } from './useRoomPast.ts';
import classes from './WhepPlayer.module.css';

interface Props {
  station: StationView;
  source: SourceView;
  /** Small tiles on the desk leave the details out. */
  compact?: boolean;
  enabled?: boolean;
  /** Offers the whole screen; not at the panel, where the patient's banner is never hidden. */
  fullScreen?: boolean;
  /** On top of the live picture, as large as the tile; told the shape of the picture. */
  overlay?: (aspect: number | undefined) => ReactNode;
}

/**
 * One source: live by WHEP or, where that does not get through, over a WebSocket; its past by HLS over it. Only frames that arrive are called live; anything else dims the
 * picture and says what it is; the past says how long ago it was. The live picture goes on beneath, so that coming
 * back takes no time. Figures for tests and for support are in the `data-` attributes.
 */
export function WhepPlayer({ station, source, compact = false, enabled = true, fullScreen = false, overlay }: Props) {
  const { t } = useTranslation();
  const video = useRef<HTMLVideoElement>(null);
  const feedAlive = useFeedHealth().status !== 'lost';
  const { state: player, metrics } = useLive(video, station.stationId, source.sourceId, enabled);
  const state = tileState(station, source, player, feedAlive);
  const pastVideo = useRef<HTMLVideoElement>(null);
  const room = useContext(RoomPastContext);
  const together = room?.together === true;
  const past = usePast(pastVideo, station.stationId, source.sourceId, station.procedure?.procedureId, room?.group);
  const back = past.askedMs !== undefined;
  useFallback(past, metrics.exhausted && station.procedure !== undefined, together);
  const availableMs = station.window?.sources.find((one) => one.sourceId === source.sourceId)?.availableMs;
  const shown = metrics.firstFrameMs !== undefined;
  const [aspect, setAspect] = useState<number>();
  const [figures, setFigures] = useState(false);
  const whole = useFullscreenElement<HTMLDivElement>();
  return (
    <div
      ref={whole.ref}
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
      data-transport={metrics.transport}
      data-detour={metrics.detour}
    >
      <video
        ref={video}
        className={classes.video}
        muted
        autoPlay
        playsInline
        disablePictureInPicture
        aria-label={t('player.label', { source: source.name })}
        onResize={({ currentTarget: { videoWidth, videoHeight } }) =>
          setAspect(videoHeight > 0 ? videoWidth / videoHeight : undefined)
        }
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
          {metrics.noRoom && (state === 'no-room' || state === 'stale') && (
            <p className={classes.reason} role="status" data-testid="no-room">
              {t(compact ? 'detour.noRoomShort' : 'detour.noRoom')}
            </p>
          )}
        </div>
      )}
      {!back && overlay?.(aspect)}
      <div className={classes.caption}>
        <span className={classes.name}>{source.name}</span>
        {metrics.detour && !back && state === 'live' && (
          <span className={classes.detour} title={t(`detour.${metrics.detour}`)} data-testid="detour">
            {compact ? t('detour.short') : t(`detour.${metrics.detour}`)}
          </span>
        )}
        {metrics.exhausted && back && (
          <span className={classes.detour} data-testid="detour">
            {t(metrics.noRoom ? 'detour.noRoomShort' : 'detour.exhausted')}
          </span>
        )}
        {back ? (
          <span className={classes.ago} data-testid="past-ago">
            {!compact && `${t('rewind.notLive')} · `}
            {t('rewind.ago', { time: stopwatch(past.behindMs ?? past.askedMs ?? 0) })}
            {past.behindMs === undefined && (compact ? ' …' : ` · ${t('rewind.loading')}`)}
          </span>
        ) : (
          state === 'live' && <StateBadge state="live" size={compact ? 'sm' : 'md'} />
        )}
        {!compact && !back && (
          <button
            type="button"
            className={classes.ask}
            aria-expanded={figures}
            aria-label={t('figures.title')}
            title={t('figures.title')}
            onClick={() => setFigures(!figures)}
            data-testid="figures-open"
          >
            <IconInfoCircle size={32} aria-hidden />
          </button>
        )}
      </div>
      {past.notice && (
        <p className={classes.notice} role="status" data-testid="past-notice">
          {t(`rewind.${past.notice}`)}
        </p>
      )}
      {station.procedure && !together && (
        <PastStrip past={past} name={source.name} availableMs={availableMs} compact={compact} />
      )}
      {fullScreen && (
        <button
          type="button"
          className={classes.whole}
          aria-label={t(whole.fullscreen ? 'figures.partScreen' : 'player.fullscreen')}
          title={t(whole.fullscreen ? 'figures.partScreen' : 'player.fullscreen')}
          onClick={() => void whole.toggle()}
          data-testid="full-screen"
        >
          {whole.fullscreen ? <IconMinimize size={32} aria-hidden /> : <IconMaximize size={32} aria-hidden />}
        </button>
      )}
      {figures && !back && <FiguresPanel name={source.name} metrics={metrics} onClose={() => setFigures(false)} />}
      <span className={classes.observation}>{t('console.observation')}</span>
    </div>
  );
}
