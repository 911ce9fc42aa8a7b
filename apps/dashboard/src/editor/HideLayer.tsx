import { useRef, useState } from 'react';
import type { KeyboardEvent, PointerEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Rect, Region } from './film.ts';
import classes from './Stage.module.css';

interface Props {
  regions: readonly Region[];
  frame: number;
  drawing: boolean;
  /** Whether the rectangles can be moved. */
  editable: boolean;
  onDrawn: (rect: Rect) => void;
  onMove: (id: string, rect: Rect) => void;
}

/** Smallest side of a rectangle: smaller ones are slips of the hand. */
const SMALLEST = 0.01;
const clamp = (value: number, low: number, high: number) => Math.min(Math.max(low, value), high);
/** Moved as a whole, it stays whole within the picture. */
const inside = ({ x, y, width, height }: Rect): Rect => {
  const [w, h] = [clamp(width, SMALLEST, 1), clamp(height, SMALLEST, 1)];
  return { x: clamp(x, 0, 1 - w), y: clamp(y, 0, 1 - h), width: w, height: h };
};
const share = (value: number) => `${value * 100}%`;

/** The rectangles over the picture: drawn with mouse or finger, moved and resized by keys as well. */
export function HideLayer({ regions, frame, drawing, editable, onDrawn, onMove }: Props) {
  const { t } = useTranslation();
  const layer = useRef<HTMLDivElement>(null);
  const from = useRef<{ x: number; y: number } | undefined>(undefined);
  const [drawn, setDrawn] = useState<Rect>();

  const at = (event: PointerEvent) => {
    const box = layer.current?.getBoundingClientRect();
    return {
      x: clamp((event.clientX - (box?.left ?? 0)) / (box?.width || 1), 0, 1),
      y: clamp((event.clientY - (box?.top ?? 0)) / (box?.height || 1), 0, 1),
    };
  };
  const move = (event: PointerEvent) => {
    if (!from.current) return;
    const [a, b] = [from.current, at(event)];
    setDrawn({
      x: Math.min(a.x, b.x),
      y: Math.min(a.y, b.y),
      width: Math.abs(a.x - b.x),
      height: Math.abs(a.y - b.y),
    });
  };
  const up = () => {
    from.current = undefined;
    setDrawn(undefined);
    if (drawn && drawn.width >= SMALLEST && drawn.height >= SMALLEST) onDrawn(inside(drawn));
  };
  const key = (event: KeyboardEvent, region: Region & { rect: Rect }) => {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const [dx = 0, dy = 0] = by.map((step) => step * 0.01);
    const { rect } = region;
    const next = event.shiftKey
      ? { ...rect, width: Math.min(rect.width + dx, 1 - rect.x), height: Math.min(rect.height + dy, 1 - rect.y) }
      : { ...rect, x: rect.x + dx, y: rect.y + dy };
    onMove(region.id, inside(next));
  };
  return (
    <div
      ref={layer}
      className={classes.layer}
      data-drawing={drawing}
      data-testid="hide-layer"
      onPointerDown={(event) => {
        if (!drawing || event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = at(event);
      }}
      onPointerMove={move}
      onPointerUp={up}
      onPointerCancel={() => {
        from.current = undefined;
        setDrawn(undefined);
      }}
    >
      {regions.map((region, index) => {
        if (frame < region.from || frame >= region.to) return null;
        const rect = region.rect ?? { x: 0, y: 0, width: 1, height: 1 };
        return (
          <div
            key={region.id}
            className={classes.hidden}
            data-how={region.how}
            style={{ left: share(rect.x), top: share(rect.y), width: share(rect.width), height: share(rect.height) }}
            {...(editable && region.rect
              ? {
                  tabIndex: 0,
                  role: 'group',
                  'aria-label': t('hide.move', { number: index + 1 }),
                  onKeyDown: (event: KeyboardEvent) => key(event, { ...region, rect }),
                }
              : {})}
          >
            {editable && <span className={classes.number}>{index + 1}</span>}
          </div>
        );
      })}
      {drawn && (
        <div
          className={classes.drawn}
          style={{ left: share(drawn.x), top: share(drawn.y), width: share(drawn.width), height: share(drawn.height) }}
        />
      )}
    </div>
  );
}
