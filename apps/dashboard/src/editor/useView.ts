import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { RefObject } from 'react';
import { clampView, follow, frameOf, wholeView, zoomAt } from './view.ts';
import type { View } from './view.ts';

export interface TimelineScale {
  area: RefObject<HTMLDivElement | null>;
  view: View;
  /** Of the timeline, in pixels. */
  width: number;
  /** Around a place on the screen, or around the playhead. */
  zoom: (factor: number, clientX?: number) => void;
  pan: (pixels: number) => void;
  all: () => void;
  moveTo: (middle: number) => void;
  frameAtX: (clientX: number) => number;
}

/** Zoom and place of the timeline; it follows the playhead where that leaves the screen. */
export function useView(total: number, frame: number): TimelineScale {
  const area = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(1000);
  const [wanted, setWanted] = useState<View>(() => wholeView(total));
  const view = useMemo(() => clampView(wanted, total, width), [wanted, total, width]);
  const latest = useRef({ view, width, frame });
  useEffect(() => {
    latest.current = { view, width, frame };
  });

  useEffect(() => {
    const element = area.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.max(1, entry?.contentRect.width ?? 1)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const [followed, setFollowed] = useState(frame);
  if (followed !== frame) {
    setFollowed(frame);
    setWanted(follow(view, frame, total, width));
  }

  const frameAtX = useCallback((clientX: number) => {
    const left = area.current?.getBoundingClientRect().left ?? 0;
    return Math.floor(frameOf(latest.current.view, clientX - left, latest.current.width));
  }, []);
  /** Out of the view that is wanted, not out of the one on the screen: a gesture changes it more than once between two. */
  const change = useCallback(
    (to: (view: View, width: number) => View) =>
      setWanted((wanted) => to(clampView(wanted, total, latest.current.width), latest.current.width)),
    [total],
  );
  const zoom = useCallback(
    (factor: number, clientX?: number) => {
      const x = clientX === undefined ? undefined : clientX - (area.current?.getBoundingClientRect().left ?? 0);
      const { frame } = latest.current;
      change((view, width) => {
        const seen = frame >= view.from && frame <= view.from + view.length;
        const here = seen ? frame : view.from + view.length / 2;
        return zoomAt(view, factor, x === undefined ? here : frameOf(view, x, width), total, width);
      });
    },
    [change, total],
  );
  const pan = useCallback(
    (pixels: number) =>
      change((view, width) => clampView({ ...view, from: view.from + (pixels / width) * view.length }, total, width)),
    [change, total],
  );
  const all = useCallback(() => setWanted(wholeView(total)), [total]);
  const moveTo = useCallback((middle: number) => {
    const { view } = latest.current;
    setWanted({ ...view, from: middle - view.length / 2 });
  }, []);
  return useMemo(
    () => ({ area, view, width, zoom, pan, all, moveTo, frameAtX }),
    [view, width, zoom, pan, all, moveTo, frameAtX],
  );
}
