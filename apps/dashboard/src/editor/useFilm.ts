import { useCallback, useEffect, useRef, useState } from 'react';
import type { RefObject } from 'react';
import { frameAt, shuttle, timeOfFrame } from '../clip/frames.ts';
import type { FrameGap } from '../clip/frames.ts';
import { filmFrameOf, sourceFrameOf, spanAt } from './film.ts';
import type { Span } from './film.ts';

interface Options {
  video: RefObject<HTMLVideoElement | null>;
  fps: number;
  frames: number;
  gaps: readonly FrameGap[];
  /** What of the original is in the film; what lies between is skipped. */
  spans: readonly Span[];
}

/** The frame `by` frames away: within the film along the film, in what was cut away along the original. */
function stepFrom(spans: readonly Span[], frame: number, by: number, frames: number): number {
  if (!spanAt(spans, frame)) return Math.min(Math.max(0, frame + by), frames - 1);
  return sourceFrameOf(spans, filmFrameOf(spans, frame) + by);
}

/**
 * Plays the film that an edit makes, out of the original: what was cut is skipped, nothing is rendered. `frame` is the
 * frame of the original that is on the screen (the browser's word, not what was asked for).
 */
export function useFilm({ video, fps, frames, gaps, spans }: Options) {
  const [speed, setSpeed] = useState(0);
  const [frame, setFrame] = useState(0);
  const latest = useRef({ fps, frames, gaps, spans });
  useEffect(() => {
    latest.current = { fps, frames, gaps, spans };
  });
  const state = useRef({ speed: 0, frame: 0, target: undefined as number | undefined, asked: -1 });

  /** Seeks, one at a time: while one is under way only the newest wish is kept. */
  const show = useCallback(
    (wanted: number) => {
      const element = video.current;
      if (!element) return;
      const { fps, frames, gaps } = latest.current;
      const target = Math.min(Math.max(0, Math.round(wanted)), Math.max(0, frames - 1));
      const busy = state.current.target !== undefined && element.seeking;
      state.current.target = target;
      if (busy) return;
      state.current.asked = target;
      element.currentTime = timeOfFrame(target, fps, gaps);
    },
    [video],
  );

  const go = useCallback(
    (next: number) => {
      const element = video.current;
      if (!element) return;
      state.current.speed = next;
      setSpeed(next);
      if (next <= 0) return element.pause();
      const { spans } = latest.current;
      const at = state.current.target ?? state.current.frame;
      const here = spanAt(spans, at);
      const last = spans.at(-1);
      if (!here || (last && at >= last.to - 1)) {
        const ahead = spans.find(({ from }) => from > at) ?? spans[0];
        if (ahead) show(ahead.from);
      }
      element.playbackRate = next;
      element.play().catch(() => {
        state.current.speed = 0;
        setSpeed(0);
      });
    },
    [video, show],
  );

  useEffect(() => {
    const element = video.current;
    if (!element) return;
    let handle = 0;
    const onFrame = (_now: number, { mediaTime }: VideoFrameCallbackMetadata) => {
      handle = element.requestVideoFrameCallback(onFrame);
      const { fps, gaps, spans } = latest.current;
      const shown = frameAt(mediaTime, fps, gaps);
      state.current.frame = shown;
      setFrame(shown);
      if (state.current.speed <= 0 || element.seeking) return;
      const here = spanAt(spans, shown);
      if (here && shown < here.to - 1) return;
      // the last frame of a part is on the screen (or just gone): on to the next one, or stop on it
      const end = here?.to ?? spans.findLast(({ to }) => to <= shown)?.to ?? 0;
      const ahead = spans.find(({ from }) => from >= end);
      if (ahead) return show(ahead.from);
      go(0);
      show(end - 1);
    };
    handle = element.requestVideoFrameCallback(onFrame);
    const onSeeked = () => {
      const { target, asked } = state.current;
      if (target === undefined) return;
      if (target !== asked) {
        state.current.asked = target;
        element.currentTime = timeOfFrame(target, latest.current.fps, latest.current.gaps);
        return;
      }
      state.current.target = undefined;
      // no new picture is told of when the same one stays
      if (element.paused) {
        state.current.frame = target;
        setFrame(target);
      }
    };
    const onEnd = () => go(0);
    element.addEventListener('seeked', onSeeked);
    element.addEventListener('ended', onEnd);
    return () => {
      element.cancelVideoFrameCallback(handle);
      element.removeEventListener('seeked', onSeeked);
      element.removeEventListener('ended', onEnd);
    };
  }, [video, go, show]);

  // Browsers do not play backwards: that is done by seeking.
  useEffect(() => {
    if (speed >= 0) return;
    let last = performance.now();
    let handle = 0;
    const back = (at: number) => {
      const { fps, frames, spans } = latest.current;
      const by = Math.floor(((at - last) / 1000) * fps * -speed);
      if (by >= 1 && video.current?.seeking === false) {
        last = at;
        const next = stepFrom(spans, state.current.frame, -by, frames);
        if (next === state.current.frame) return go(0);
        show(next);
      }
      handle = requestAnimationFrame(back);
    };
    handle = requestAnimationFrame(back);
    return () => cancelAnimationFrame(handle);
  }, [speed, video, go, show]);

  const seek = useCallback(
    (wanted: number) => {
      go(0);
      show(wanted);
    },
    [go, show],
  );
  const step = useCallback(
    (by: number) => {
      go(0);
      const { spans, frames } = latest.current;
      show(stepFrom(spans, state.current.target ?? state.current.frame, by, frames));
    },
    [go, show],
  );
  const press = useCallback((key: 'j' | 'k' | 'l') => go(shuttle(state.current.speed, key)), [go]);
  const toggle = useCallback(() => go(state.current.speed === 0 ? 1 : 0), [go]);
  /** The frame that is shown, or is about to be. */
  const here = useCallback(() => state.current.target ?? state.current.frame, []);
  return { speed, frame, here, seek, step, press, toggle };
}
