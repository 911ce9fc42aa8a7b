import { useEffect, useRef, useState } from 'react';
import type { RefObject } from 'react';
import { api } from '../api/client.ts';
import { FrameWatchdog } from './frame-watchdog.ts';
import type { PlayerState } from './tile-state.ts';
import { WhepSession, reconnectDelay } from './whep-client.ts';

export interface WhepMetrics {
  /** From asking for the permission to the first painted frame. */
  firstFrameMs: number | undefined;
  /** Painted since the session began. */
  frames: number;
  reconnects: number;
  /** Time a frame waits in the receiver, and the round trip of the connection. */
  jitterBufferMs: number | undefined;
  roundTripMs: number | undefined;
  /** Why the last session ended. */
  lastEnd: string | undefined;
}

const none: WhepMetrics = {
  firstFrameMs: undefined,
  frames: 0,
  reconnects: 0,
  jitterBufferMs: undefined,
  roundTripMs: undefined,
  lastEnd: undefined,
};
const CHECK_MS = 100;
const STATS_MS = 1_000;
/** Without a single frame for this long, the tile says that there is no picture. */
const NO_PICTURE_MS = 4_000;

async function receiverStats(session: WhepSession): Promise<Pick<WhepMetrics, 'jitterBufferMs' | 'roundTripMs'>> {
  let jitterBufferMs: number | undefined;
  let roundTripMs: number | undefined;
  const report = await session.peer?.getStats();
  report?.forEach((entry: Record<string, unknown>) => {
    const { type, jitterBufferDelay, jitterBufferEmittedCount, currentRoundTripTime, nominated } = entry;
    if (type === 'inbound-rtp' && typeof jitterBufferDelay === 'number' && Number(jitterBufferEmittedCount) > 0) {
      jitterBufferMs = Math.round((jitterBufferDelay / Number(jitterBufferEmittedCount)) * 1000);
    }
    if (type === 'candidate-pair' && nominated === true && typeof currentRoundTripTime === 'number') {
      roundTripMs = Math.round(currentRoundTripTime * 1000);
    }
  });
  return { jitterBufferMs, roundTripMs };
}

/** Plays one source of a station into `video` for as long as it is mounted; reconnects by itself. */
export function useWhep(
  video: RefObject<HTMLVideoElement | null>,
  stationId: string,
  sourceId: string,
  enabled: boolean,
): { state: PlayerState; metrics: WhepMetrics } {
  const [state, setState] = useState<PlayerState>('connecting');
  const [metrics, setMetrics] = useState<WhepMetrics>(none);
  const reconnects = useRef(0);

  useEffect(() => {
    const element = video.current;
    if (!enabled || !element) return;
    let over = false;
    let session: WhepSession | undefined;
    let attempt = 0;
    let retryTimer: ReturnType<typeof setTimeout> | undefined;
    let frameHandle = 0;
    let startedAt = performance.now();
    const update = (change: Partial<WhepMetrics>) => setMetrics((before) => ({ ...before, ...change }));

    const watchdog = new FrameWatchdog({
      now: () => performance.now(),
      hidden: () => document.hidden,
      onFresh: () => {
        attempt = 0;
        setState('playing');
        update({ firstFrameMs: Math.round(performance.now() - startedAt) });
      },
      onStale: () => {
        setState('stale');
        again('no frame for a second', undefined);
      },
    });
    const onFrame: VideoFrameRequestCallback = () => {
      watchdog.frame();
      frameHandle = element.requestVideoFrameCallback(onFrame);
    };
    frameHandle = element.requestVideoFrameCallback(onFrame);

    const connect = () => {
      startedAt = performance.now();
      session = new WhepSession({
        grant: (signal) => api.liveGrant(stationId, sourceId, signal),
        onStream: (stream) => {
          // A callback that is still due belongs to the stream before.
          element.cancelVideoFrameCallback(frameHandle);
          element.srcObject = stream;
          watchdog.arm();
          frameHandle = element.requestVideoFrameCallback(onFrame);
          element.play().catch(() => undefined);
        },
        onEnd: again,
      });
      void session.start();
    };
    function again(reason: string, waitMs: number | undefined): void {
      if (over) return;
      watchdog.reset();
      session?.stop();
      // A picture that was there is stale from now on; it stays visible, marked, until the next one comes.
      setState((before) => (before === 'playing' || before === 'stale' ? 'stale' : 'unreachable'));
      reconnects.current += 1;
      update({ reconnects: reconnects.current, lastEnd: reason });
      clearTimeout(retryTimer);
      retryTimer = setTimeout(connect, reconnectDelay(attempt, waitMs, Math.random));
      attempt += 1;
    }

    setState('connecting');
    connect();
    const check = setInterval(() => {
      watchdog.check();
      if (watchdog.frames === 0 && performance.now() - startedAt > NO_PICTURE_MS) {
        setState((before) => (before === 'connecting' ? 'unreachable' : before));
      }
    }, CHECK_MS);
    const stats = setInterval(() => {
      if (!session || document.hidden) return;
      void receiverStats(session)
        .then((found) => over || update({ ...found, frames: watchdog.frames }))
        .catch(() => undefined);
    }, STATS_MS);
    const leave = () => session?.stop();
    window.addEventListener('pagehide', leave);

    return () => {
      over = true;
      clearTimeout(retryTimer);
      clearInterval(check);
      clearInterval(stats);
      element.cancelVideoFrameCallback(frameHandle);
      window.removeEventListener('pagehide', leave);
      session?.stop();
      element.srcObject = null;
    };
  }, [video, stationId, sourceId, enabled]);

  return { state, metrics };
}
