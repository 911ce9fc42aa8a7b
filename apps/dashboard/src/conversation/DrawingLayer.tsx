import { useEffect, useRef } from 'react';
import type { PointerEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Conversation } from './conversation.ts';
import classes from './DrawingLayer.module.css';
import { paint } from './paint-drawings.ts';
import { pictureIn, placeAt } from './picture-place.ts';
import type { Place } from './picture-place.ts';

interface Props {
  conversation: Conversation;
  source: string;
  /** Width by height of the picture; undefined before the first one. */
  aspect: number | undefined;
  /** Points and lines of this screen are taken. */
  pen: boolean;
}

/** Between two messages of one person. */
const SEND_MS = 33;

/** What people draw, on top of one live picture and exactly as large as it; a line of one's own where the pen is taken. */
export function DrawingLayer({ conversation, source, aspect = 16 / 9, pen }: Props) {
  const { t } = useTranslation();
  const canvas = useRef<HTMLCanvasElement>(null);
  usePainting(canvas, conversation, source, aspect);
  const handlers = usePen(conversation, source, aspect);
  return (
    <canvas
      ref={canvas}
      className={classes.layer}
      data-pen={pen}
      data-testid={`drawing-${source}`}
      aria-label={t('conversation.drawings')}
      role="img"
      {...(pen ? handlers : {})}
    />
  );
}

/** Paints while there is something to be seen, and rests otherwise. */
function usePainting(
  canvas: { current: HTMLCanvasElement | null },
  conversation: Conversation,
  source: string,
  aspect: number,
): void {
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context) return;
    let frame = 0;
    const draw = () => {
      frame = 0;
      const { clientWidth: width, clientHeight: height } = element;
      const scale = window.devicePixelRatio;
      if (element.width !== Math.round(width * scale)) element.width = Math.round(width * scale);
      if (element.height !== Math.round(height * scale)) element.height = Math.round(height * scale);
      context.setTransform(scale, 0, 0, scale, 0, 0);
      context.clearRect(0, 0, width, height);
      const now = performance.now();
      const seen = conversation.board.seen(source, now);
      const names = new Map(conversation.state.people.map(({ personId, name }) => [personId, name]));
      paint(context, pictureIn({ width, height }, aspect), seen, names, now);
      element.dataset['lines'] = String(seen.lines.length);
      if (seen.lines.length + seen.pointers.length > 0) wake();
    };
    const wake = () => {
      if (frame === 0) frame = requestAnimationFrame(draw);
    };
    const stop = conversation.board.onChange(wake);
    const sizes = new ResizeObserver(wake);
    sizes.observe(element);
    return () => {
      stop();
      sizes.disconnect();
      cancelAnimationFrame(frame);
    };
  }, [canvas, conversation, source, aspect]);
}

/** A finger or a button that is down draws; a mouse that only moves points. */
function usePen(conversation: Conversation, source: string, aspect: number) {
  const line = useRef<number | undefined>(undefined);
  const lines = useRef(0);
  const waiting = useRef<Place[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  const flush = () => {
    timer.current = undefined;
    const places = waiting.current.splice(0, 64);
    const last = places.at(-1);
    if (!last) return;
    if (line.current !== undefined) conversation.draw({ t: 'line', source, line: line.current, places });
    else conversation.draw({ t: 'point', source, at: last });
    if (waiting.current.length > 0) timer.current = setTimeout(flush, SEND_MS);
  };
  const add = (event: PointerEvent<HTMLCanvasElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const picture = pictureIn(box, aspect);
    const events = event.nativeEvent.getCoalescedEvents?.() ?? [];
    for (const { clientX, clientY } of events.length > 0 ? events : [event.nativeEvent]) {
      const place = placeAt(picture, clientX - box.left, clientY - box.top);
      if (place) waiting.current.push(place);
    }
    timer.current ??= setTimeout(flush, SEND_MS);
  };
  const end = () => {
    clearTimeout(timer.current);
    while (waiting.current.length > 0) {
      flush();
      clearTimeout(timer.current);
    }
    timer.current = undefined;
    line.current = undefined;
  };
  useEffect(() => () => clearTimeout(timer.current), []);

  return {
    onPointerDown: (event: PointerEvent<HTMLCanvasElement>) => {
      if (event.button !== 0) return;
      end();
      event.currentTarget.setPointerCapture(event.pointerId);
      line.current = lines.current++;
      add(event);
    },
    onPointerMove: (event: PointerEvent<HTMLCanvasElement>) => {
      if (line.current !== undefined || event.pointerType === 'mouse') add(event);
    },
    onPointerUp: end,
    onPointerCancel: end,
    onPointerLeave: () => {
      end();
      conversation.draw({ t: 'point', source, at: null });
    },
  };
}
