import { useCallback, useEffect, useRef, useState } from 'react';
import type { RefObject } from 'react';
import { api } from '../api/client.ts';
import { LIVE_WITHIN_MS } from './past-clock.ts';
import type { PastGroup } from './past-group.ts';
import { NativePast } from './past-native.ts';
import type { PastSession } from './past-session.ts';
import { ShownFrame } from './shown-frame.ts';

export interface Past {
  /** Undefined: live. Otherwise how far back was asked for, ms. */
  askedMs: number | undefined;
  /** How old the picture on the screen is; undefined while it is being fetched. */
  behindMs: number | undefined;
  /** How far back one can go, as far as the ring has said. */
  reachMs: number | undefined;
  paused: boolean;
  /** Why it went back to live by itself. */
  notice: 'expired' | 'failed' | undefined;
  goBack: (behindMs: number) => void;
  goLive: () => void;
  togglePause: () => void;
}

const LOOK_MS = 200;
/** While a finger drags, the player is not asked more often than this. */
const SEEK_MS = 120;
const NOTICE_MS = 8_000;

/**
 * The past of one source in `video`. `scope` names what may be seen together, the running procedure: when it changes,
 * the past is left at once. `group`: the tiles of the room that can look back together.
 */
export function usePast(
  video: RefObject<HTMLVideoElement | null>,
  stationId: string,
  sourceId: string,
  scope: string | undefined,
  group: PastGroup | undefined,
): Past {
  const [askedMs, setAsked] = useState<number>();
  const [seen, setSeen] = useState<{ behindMs?: number | undefined; reachMs?: number | undefined; paused: boolean }>({
    paused: false,
  });
  const [notice, setNotice] = useState<Past['notice']>();
  const session = useRef<PastSession | NativePast | undefined>(undefined);
  const frame = useRef<ShownFrame | undefined>(undefined);
  const wanted = useRef(0);
  const seekTimer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const active = askedMs !== undefined;

  const goLive = useCallback(() => {
    setAsked(undefined);
    setSeen({ paused: false });
  }, []);

  const goBack = useCallback(
    (behindMs: number) => {
      if (behindMs < LIVE_WITHIN_MS) return goLive();
      wanted.current = behindMs;
      setNotice(undefined);
      setAsked(behindMs);
      // What is on the screen now is not what was asked for: the next key step counts from the wish.
      setSeen((before) => ({ ...before, behindMs: undefined }));
      seekTimer.current ??= setTimeout(() => {
        seekTimer.current = undefined;
        session.current?.seek(wanted.current);
      }, SEEK_MS);
    },
    [goLive],
  );

  const togglePause = useCallback(() => {
    const element = video.current;
    if (element?.paused) void element.play().catch(() => undefined);
    else element?.pause();
  }, [video]);

  // Another patient, or none: nothing of the one before stays on the screen.
  const [shownScope, setShownScope] = useState(scope);
  if (shownScope !== scope) {
    setShownScope(scope);
    goLive();
  }

  useEffect(() => {
    const element = video.current;
    if (!active || !element) return;
    let over = false;
    const shown = new ShownFrame(element);
    frame.current = shown;
    void import('./past-session.ts')
      .then(({ PastSession }) => {
        if (over) return;
        const Session = PastSession.isSupported() || !NativePast.isSupported(element) ? PastSession : NativePast;
        const made = new Session(
          {
            video: element,
            grant: (signal) => api.liveGrant(stationId, sourceId, signal),
            onEnd: (_reason, expired) => {
              if (over) return;
              setNotice(expired ? 'expired' : 'failed');
              goLive();
            },
          },
          wanted.current,
        );
        session.current = made;
        void made.start();
      })
      .catch(() => {
        setNotice('failed');
        goLive();
      });
    const look = setInterval(() => {
      const { shownBehindMs, reachMs } = session.current ?? {};
      const seeking = seekTimer.current !== undefined;
      setSeen({
        behindMs: seeking ? undefined : shownBehindMs,
        reachMs,
        paused: element.paused && element.readyState >= 2,
      });
    }, LOOK_MS);
    return () => {
      over = true;
      clearInterval(look);
      clearTimeout(seekTimer.current);
      seekTimer.current = undefined;
      session.current?.stop();
      session.current = undefined;
      shown.stop();
      frame.current = undefined;
      element.removeAttribute('src');
      element.load();
    };
  }, [active, video, stationId, sourceId, goLive]);

  useEffect(() => {
    const element = video.current;
    if (!element || !group) return;
    return group.join({
      sourceId,
      video: element,
      shown: () => {
        const last = element.seeking ? undefined : frame.current?.last;
        const momentMs = last && session.current?.momentAt(last.mediaTime);
        return last && momentMs !== undefined ? { momentMs, at: last.at } : undefined;
      },
      behindMs: () => session.current?.shownBehindMs,
      reachMs: () => session.current?.reachMs,
      back: () => frame.current !== undefined,
      goBack,
      goLive,
      seekTo: (momentMs) => session.current?.seekTo(momentMs),
    });
  }, [video, group, sourceId, goBack, goLive]);

  useEffect(() => {
    if (!notice) return;
    const timer = setTimeout(() => setNotice(undefined), NOTICE_MS);
    return () => clearTimeout(timer);
  }, [notice]);

  return { askedMs, ...seen, behindMs: seen.behindMs, reachMs: seen.reachMs, notice, goBack, goLive, togglePause };
}
