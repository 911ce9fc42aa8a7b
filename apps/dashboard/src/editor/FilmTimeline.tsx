import { IconArrowsHorizontal, IconFlagFilled, IconZoomIn, IconZoomOut } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import type { PointerEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocale } from '../app/locale.ts';
import type { FrameGap, Sprite } from '../clip/frames.ts';
import { elapsed, stopwatch } from '../format/quantities.ts';
import { EdgeHandle } from './EdgeHandle.tsx';
import { filmFrameOf } from './film.ts';
import type { Region, Span, TimelineMarker } from './film.ts';
import classes from './FilmTimeline.module.css';
import { Filmstrip } from './Filmstrip.tsx';
import { Overview } from './Overview.tsx';
import type { TimelineScale } from './useView.ts';
import { ticks, xOf } from './view.ts';

interface Props {
  scale: TimelineScale;
  fps: number;
  total: number;
  frame: number;
  spans: readonly Span[];
  parts: readonly Span[];
  cuts: readonly Span[];
  /** Index of the part whose edges can be grasped. */
  active: number;
  /** What the first part is called, where it is one of several films'. Default: 1. */
  firstPart?: number;
  limits: (part: Span, edge: 'from' | 'to') => Span;
  gaps: readonly (FrameGap & { text: string })[];
  /** Media time of a frame in milliseconds: gaps count there. */
  timeOf: (frame: number) => number;
  markers: readonly TimelineMarker[];
  regions: readonly Region[];
  sheet: { url: string; sprite: Sprite } | undefined;
  onSeek: (frame: number) => void;
  onEdge: (index: number, edge: 'from' | 'to', frame: number, gesture: string) => void;
}

/** The original from end to end or frame by frame: what is kept, what is cut, and the edges between. */
export function FilmTimeline(props: Props) {
  const { scale, fps, total, frame, spans, parts, cuts, active, limits, gaps, markers, regions, sheet } = props;
  const { t } = useTranslation();
  const locale = useLocale();
  const { view, width, area } = scale;
  const fingers = useRef(new Map<number, number>());
  const [pinching, setPinching] = useState(false);
  const x = (at: number) => xOf(view, at, width);
  const seen = (span: Span) => span.to > view.from && span.from < view.from + view.length;
  /** Left edge and width, cut to what is on the screen: CSS loses precision far outside. */
  const box = (span: Span) => {
    const left = Math.max(-60, x(span.from));
    return { left, width: Math.max(0, Math.min(width + 60, x(span.to)) - left) };
  };
  const { marks } = ticks(view, fps, width);
  const framePx = width / view.length;

  useEffect(() => {
    const element = area.current;
    if (!element) return;
    const onWheel = (event: WheelEvent) => {
      const across = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.shiftKey ? event.deltaY : 0;
      if (!event.ctrlKey && !event.metaKey && across === 0) return;
      event.preventDefault();
      if (across !== 0) scale.pan(across);
      else scale.zoom(Math.exp(-event.deltaY / 200), event.clientX);
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, [area, scale]);

  const down = (event: PointerEvent<HTMLDivElement>) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    fingers.current.set(event.pointerId, event.clientX);
    if (fingers.current.size === 2) setPinching(true);
    else props.onSeek(scale.frameAtX(event.clientX));
  };
  const move = (event: PointerEvent<HTMLDivElement>) => {
    const before = fingers.current.get(event.pointerId);
    if (before === undefined) return;
    fingers.current.set(event.pointerId, event.clientX);
    if (fingers.current.size === 2) {
      const other = [...fingers.current].find(([id]) => id !== event.pointerId)?.[1] ?? event.clientX;
      const [was, is] = [Math.abs(before - other), Math.abs(event.clientX - other)];
      if (was > 8 && is > 8) scale.zoom(is / was, (event.clientX + other) / 2);
      scale.pan((before - event.clientX) / 2);
    } else if (!pinching) props.onSeek(scale.frameAtX(event.clientX));
  };
  const up = (event: PointerEvent<HTMLDivElement>) => {
    fingers.current.delete(event.pointerId);
    if (fingers.current.size === 0) setPinching(false);
  };
  const part = parts[active];

  return (
    <div className={classes.timeline} data-testid="film-timeline" data-frames-per-px={(view.length / width).toFixed(4)}>
      <div
        ref={area}
        className={classes.area}
        onPointerDown={down}
        onPointerMove={move}
        onPointerUp={up}
        onPointerCancel={up}
        role="slider"
        tabIndex={0}
        aria-label={t('editor.timeline')}
        aria-valuemin={0}
        aria-valuemax={total - 1}
        aria-valuenow={frame}
        aria-valuetext={t('editor.frameOf', { frame, total: total - 1 })}
        data-testid="strip"
      >
        <div className={classes.ruler} aria-hidden>
          {marks.map(({ frame: at, major }) => {
            const numbered = !major && at % 5 === 0 && framePx >= 14;
            return (
              <span key={at} className={classes.tick} data-major={major} style={{ left: x(at) }}>
                {major ? stopwatch((at / fps) * 1000) : numbered ? at : ''}
              </span>
            );
          })}
        </div>
        <div className={classes.strip} aria-hidden>
          <Filmstrip view={view} width={width} total={total} timeOf={props.timeOf} sheet={sheet} />
          {cuts.filter(seen).map((span) => (
            <span
              key={span.from}
              className={classes.cut}
              style={box(span)}
              data-testid={`cut-${span.from}-${span.to}`}
            />
          ))}
          {parts.map(
            (span, index) =>
              seen(span) && (
                <span
                  key={span.from}
                  className={classes.part}
                  data-active={index === active}
                  style={box(span)}
                  data-testid={`part-${span.from}-${span.to}`}
                />
              ),
          )}
          {regions.filter(seen).map((region) => (
            <span key={region.id} className={classes.region} style={box(region)} />
          ))}
          {gaps
            .filter((gap) => seen({ from: gap.at - 1, to: gap.at + 1 }))
            .map((gap) => (
              <span key={gap.at} className={classes.gap} style={{ left: x(gap.at) }} title={gap.text} />
            ))}
        </div>
        {markers
          .filter(({ frame: at }) => seen({ from: at, to: at + 1 }))
          .map((marker) => (
            <span
              key={marker.id}
              className={classes.marker}
              style={{ left: x(marker.frame) }}
              title={marker.label}
              aria-hidden
            >
              <IconFlagFilled size={16} />
            </span>
          ))}
        {seen({ from: frame, to: frame + 1 }) && (
          <span
            className={classes.playhead}
            style={{ left: x(frame), width: Math.max(2, framePx) }}
            data-cut={filmFrameOf(spans, frame) === filmFrameOf(spans, frame + 1)}
            aria-hidden
          />
        )}
      </div>
      {part &&
        (['from', 'to'] as const).map((edge) => (
          <EdgeHandle
            key={edge}
            edge={edge}
            at={part[edge]}
            x={x(part[edge])}
            visible={x(part[edge]) >= -1 && x(part[edge]) <= width + 1}
            limits={limits(part, edge)}
            fps={fps}
            part={active + (props.firstPart ?? 1)}
            frameAtX={scale.frameAtX}
            onMove={(at, gesture) => props.onEdge(active, edge, at, gesture)}
          />
        ))}
      <div className={classes.tools}>
        <Overview
          total={total}
          view={view}
          parts={parts}
          frame={frame}
          markers={markers}
          gaps={gaps}
          onView={scale.moveTo}
        />
        <Tool
          label={t('editor.zoomOut')}
          testId="zoom-out"
          act={() => scale.zoom(0.5)}
          icon={<IconZoomOut size={20} />}
        />
        <Tool label={t('editor.zoomIn')} testId="zoom-in" act={() => scale.zoom(2)} icon={<IconZoomIn size={20} />} />
        <Tool label={t('editor.zoomAll')} testId="zoom-all" act={scale.all} icon={<IconArrowsHorizontal size={20} />} />
      </div>
      {gaps.length > 0 && (
        <ul className={classes.notes} data-tone="warn">
          {gaps.map((gap) => (
            <li key={gap.at}>
              {stopwatch((gap.at / fps) * 1000)} · {gap.text} ({elapsed((gap.length / fps) * 1000, locale)})
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Tool({ label, act, icon, testId }: { label: string; act: () => void; icon: React.ReactNode; testId: string }) {
  return (
    <button type="button" className={classes.tool} onClick={act} aria-label={label} title={label} data-testid={testId}>
      {icon}
    </button>
  );
}
