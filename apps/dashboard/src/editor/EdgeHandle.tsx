import { useRef } from 'react';
import type { KeyboardEvent, PointerEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Span } from './film.ts';
import classes from './FilmTimeline.module.css';

interface Props {
  edge: 'from' | 'to';
  /** First frame of the part, or the one after its last. */
  at: number;
  x: number;
  visible: boolean;
  limits: Span;
  fps: number;
  /** Number of the part, from 1. */
  part: number;
  frameAtX: (clientX: number) => number;
  /** Moves of one gesture carry the same name: together they are one step for undo. */
  onMove: (frame: number, gesture: string) => void;
}

/** One edge of a part: dragged by mouse or finger, moved by arrow keys; it always stands between two frames. */
export function EdgeHandle({ edge, at, x, visible, limits, fps, part, frameAtX, onMove }: Props) {
  const { t } = useTranslation();
  const drag = useRef<{ offset: number; name: string } | undefined>(undefined);

  const down = (event: PointerEvent<HTMLDivElement>) => {
    if (event.button !== 0) return;
    event.stopPropagation();
    event.currentTarget.setPointerCapture(event.pointerId);
    // What is grasped beside the edge stays beside it.
    drag.current = { offset: at - frameAtX(event.clientX), name: `drag-${edge}-${event.timeStamp}` };
  };
  const move = (event: PointerEvent<HTMLDivElement>) => {
    if (drag.current) onMove(Math.round(frameAtX(event.clientX) + drag.current.offset), drag.current.name);
  };
  const up = () => {
    drag.current = undefined;
  };
  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const second = Math.round(fps);
    const steps: Record<string, number> = {
      ArrowLeft: event.shiftKey ? -10 : -1,
      ArrowDown: event.shiftKey ? -10 : -1,
      ArrowRight: event.shiftKey ? 10 : 1,
      ArrowUp: event.shiftKey ? 10 : 1,
      PageDown: -second,
      PageUp: second,
      Home: limits.from - at,
      End: limits.to - at,
    };
    const by = steps[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    onMove(at + by, `keys-${edge}-${part}`);
  };
  const shown = edge === 'from' ? at : at - 1;
  return (
    <div
      className={classes.handle}
      data-edge={edge}
      data-visible={visible}
      style={{ left: visible ? x : -100 }}
      role="slider"
      tabIndex={0}
      aria-label={t(edge === 'from' ? 'editor.edgeFrom' : 'editor.edgeTo', { part })}
      aria-valuemin={edge === 'from' ? limits.from : limits.from - 1}
      aria-valuemax={edge === 'from' ? limits.to : limits.to - 1}
      aria-valuenow={shown}
      aria-valuetext={t('editor.frame', { frame: shown })}
      data-testid={`handle-${edge}`}
      data-at={at}
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={up}
      onPointerCancel={up}
      onKeyDown={key}
    >
      <span className={classes.grip} aria-hidden />
    </div>
  );
}
