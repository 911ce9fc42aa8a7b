import { IconBookmarkFilled } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import type { PointerEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocale } from '../app/locale.ts';
import { elapsed, stopwatch } from '../format/quantities.ts';
import { spriteTile } from './frames.ts';
import type { Sprite } from './frames.ts';
import type { Mark, ShownGap } from './marks.ts';
import classes from './Timeline.module.css';

interface Props {
  timeMs: number;
  durationMs: number;
  gaps: readonly ShownGap[];
  marks: readonly Mark[];
  sheet: { url: string; sprite: Sprite } | undefined;
  /** What a screen reader says about the position. */
  valueText: string;
  onSeek: (seconds: number) => void;
}

/** The clip from end to end: position, gaps with their reason, what was marked, a picture under the pointer. */
export function Timeline({ timeMs, durationMs, gaps, marks, sheet, valueText, onSeek }: Props) {
  const { t } = useTranslation();
  const locale = useLocale();
  const bar = useRef<HTMLDivElement>(null);
  const [hover, setHover] = useState<number>();
  const percent = (ms: number) => `${Math.min(100, Math.max(0, (ms / Math.max(1, durationMs)) * 100))}%`;

  const msAt = (event: PointerEvent) => {
    const rect = bar.current?.getBoundingClientRect();
    if (!rect || rect.width === 0) return 0;
    return Math.min(1, Math.max(0, (event.clientX - rect.left) / rect.width)) * durationMs;
  };
  const scrub = (event: PointerEvent) => {
    const ms = msAt(event);
    setHover(ms);
    if (event.buttons === 1) onSeek(ms / 1000);
  };
  const gapText = ({ source, durationMs: length, reason }: ShownGap) =>
    [source, t('player.gap', { length: elapsed(length, locale), reason: t(`gap.${reason}`) })]
      .filter(Boolean)
      .join(': ');
  const gapKey = ({ source, atMs, reason }: ShownGap) => `${source}-${atMs}-${reason}`;
  const tile = sheet && hover !== undefined ? spriteTile(sheet.sprite, hover) : undefined;

  return (
    <div className={classes.timeline}>
      {hover !== undefined && (
        <div
          className={classes.preview}
          style={{ left: `clamp(80px, ${percent(hover)}, calc(100% - 80px))` }}
          aria-hidden
        >
          {sheet && tile && (
            <span
              className={classes.tile}
              style={{
                width: sheet.sprite.tileWidth,
                height: sheet.sprite.tileHeight,
                backgroundImage: `url("${sheet.url}")`,
                backgroundPosition: `-${tile.x}px -${tile.y}px`,
              }}
            />
          )}
          <span>{stopwatch(hover)}</span>
        </div>
      )}
      <div
        ref={bar}
        className={classes.bar}
        role="slider"
        tabIndex={0}
        aria-label={t('player.timeline')}
        aria-valuemin={0}
        aria-valuemax={Math.round(durationMs / 1000)}
        aria-valuenow={Math.round(timeMs / 1000)}
        aria-valuetext={valueText}
        data-testid="timeline"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          scrub(event);
        }}
        onPointerMove={scrub}
        onPointerLeave={() => setHover(undefined)}
      >
        <span className={classes.track} />
        <span className={classes.done} style={{ width: percent(timeMs) }} />
        {gaps.map((gap) => (
          <span
            key={gapKey(gap)}
            className={classes.gap}
            style={{ left: percent(gap.atMs), width: `max(6px, ${percent(gap.durationMs)})` }}
            title={gapText(gap)}
            data-testid="timeline-gap"
          />
        ))}
        {marks.map(({ id, atMs, label }) => (
          <span
            key={id}
            className={classes.mark}
            style={{ left: percent(atMs) }}
            title={label ?? t('player.mark')}
            data-testid="timeline-mark"
            data-at-ms={atMs}
          />
        ))}
        <span className={classes.knob} style={{ left: percent(timeMs) }} />
      </div>
      {gaps.length > 0 && (
        <ul className={classes.gaps} data-tone="warn">
          {gaps.map((gap) => (
            <li key={gapKey(gap)}>
              {stopwatch(gap.atMs)} · {gapText(gap)}
            </li>
          ))}
        </ul>
      )}
      {marks.length > 0 && (
        <ul className={classes.marks} aria-label={t('player.marks')} data-testid="marks">
          {marks.map(({ id, atMs, label }) => (
            <li key={id}>
              <button type="button" onClick={() => onSeek(atMs / 1000)} data-testid={`mark-${id}`}>
                <IconBookmarkFilled size={16} aria-hidden />
                <span className="tnum">{stopwatch(atMs)}</span>
                {label ?? t('player.mark')}
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
