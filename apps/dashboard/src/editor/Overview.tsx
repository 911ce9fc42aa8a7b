import { useRef } from 'react';
import type { PointerEvent } from 'react';
import type { FrameGap } from '../clip/frames.ts';
import type { Span, TimelineMarker } from './film.ts';
import classes from './FilmTimeline.module.css';
import type { View } from './view.ts';

interface Props {
  total: number;
  view: View;
  parts: readonly Span[];
  frame: number;
  markers: readonly TimelineMarker[];
  gaps: readonly FrameGap[];
  /** The view's middle is put at this frame. */
  onView: (frame: number) => void;
}

/** The whole original in one line, with the stretch that the timeline shows; grasped, it moves that. */
export function Overview({ total, view, parts, frame, markers, gaps, onView }: Props) {
  const line = useRef<HTMLDivElement>(null);
  const share = (at: number) => `${(at / total) * 100}%`;
  const scrub = (event: PointerEvent) => {
    const box = line.current?.getBoundingClientRect();
    if (box && event.buttons === 1) onView(((event.clientX - box.left) / Math.max(1, box.width)) * total);
  };
  return (
    <div
      ref={line}
      className={classes.overview}
      data-testid="overview"
      aria-hidden
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        scrub(event);
      }}
      onPointerMove={scrub}
    >
      <span className={classes.overviewLine} />
      {parts.map(({ from, to }) => (
        <span key={from} className={classes.overviewPart} style={{ left: share(from), width: share(to - from) }} />
      ))}
      {gaps.map(({ at }) => (
        <span key={at} className={classes.overviewGap} style={{ left: share(at) }} />
      ))}
      {markers.map(({ id, frame: at }) => (
        <span key={id} className={classes.overviewMarker} style={{ left: share(at) }} />
      ))}
      <span className={classes.overviewHead} style={{ left: share(frame) }} />
      <span className={classes.window} style={{ left: share(view.from), width: share(view.length) }} />
    </div>
  );
}
