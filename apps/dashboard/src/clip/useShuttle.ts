import { useCallback, useEffect, useRef, useState } from 'react';
import type { RefObject } from 'react';
import { frameAt, shuttle, stepTime } from './frames.ts';
import type { FrameGap } from './frames.ts';

interface Options {
  video: RefObject<HTMLVideoElement | null>;
  fps: number;
  frames: number;
  gaps: readonly FrameGap[];
}

/** Plays at a signed speed. Browsers do not play backwards: that is done by seeking. */
export function useShuttle({ video, fps, frames, gaps }: Options) {
  const [speed, setSpeed] = useState(0);
  const [time, setTime] = useState(0);
  const speedRef = useRef(0);

  const go = useCallback(
    (next: number) => {
      const element = video.current;
      if (!element) return;
      speedRef.current = next;
      setSpeed(next);
      if (next > 0) {
        element.playbackRate = next;
        if (element.ended) element.currentTime = 0;
        element.play().catch(() => {
          speedRef.current = 0;
          setSpeed(0);
        });
      } else {
        element.pause();
      }
    },
    [video],
  );

  useEffect(() => {
    if (speed >= 0) return;
    let last = performance.now();
    let handle = 0;
    const back = (at: number) => {
      const element = video.current;
      if (!element) return;
      if (!element.seeking) {
        const next = element.currentTime + ((at - last) / 1000) * speed;
        last = at;
        element.currentTime = Math.max(0, next);
        if (next <= 0) return go(0);
      }
      handle = requestAnimationFrame(back);
    };
    handle = requestAnimationFrame(back);
    return () => cancelAnimationFrame(handle);
  }, [speed, video, go]);

  useEffect(() => {
    const element = video.current;
    if (!element) return;
    let handle = 0;
    const onFrame = (_now: number, { mediaTime }: VideoFrameCallbackMetadata) => {
      setTime(mediaTime);
      handle = element.requestVideoFrameCallback(onFrame);
    };
    handle = element.requestVideoFrameCallback(onFrame);
    const onEnd = () => go(0);
    element.addEventListener('ended', onEnd);
    return () => {
      element.cancelVideoFrameCallback(handle);
      element.removeEventListener('ended', onEnd);
    };
  }, [video, go]);

  const seek = useCallback(
    (seconds: number) => {
      const element = video.current;
      if (!element) return;
      const end = Number.isFinite(element.duration) ? element.duration : seconds;
      element.currentTime = Math.min(Math.max(0, seconds), Math.max(0, end - 0.5 / fps));
    },
    [video, fps],
  );
  const step = useCallback(
    (by: number) => {
      go(0);
      const element = video.current;
      if (element) element.currentTime = stepTime(element.currentTime, by, { fps, frames, gaps });
    },
    [video, fps, frames, gaps, go],
  );
  const press = useCallback((key: 'j' | 'k' | 'l') => go(shuttle(speedRef.current, key)), [go]);
  const toggle = useCallback(() => go(speedRef.current === 0 ? 1 : 0), [go]);

  return { speed, time, frame: frameAt(time, fps, gaps), seek, step, press, toggle };
}
