import { IconPlayerPauseFilled, IconPlayerPlayFilled, IconRewindBackward10 } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { stopwatch } from '../format/quantities.ts';
import classes from './PastStrip.module.css';
import type { Past } from './usePast.ts';

interface Props {
  past: Past;
  name: string;
  /** How far back the station says one can go. */
  availableMs: number | undefined;
  compact: boolean;
  /** One for all pictures of a room, below them. */
  whole?: boolean;
}

const STEP_MS = 10_000;

/** One timeline: its right end is live, everything left of it is the past. Arrow keys step a second, End is live. */
export function PastStrip({ past, name, availableMs, compact, whole = false }: Props) {
  const { t } = useTranslation();
  const id = whole ? 'room-past' : 'past';
  const back = past.askedMs !== undefined;
  const reachMs = Math.max(past.reachMs ?? availableMs ?? 0, past.askedMs ?? 0);
  const atMs = Math.min(past.behindMs ?? past.askedMs ?? 0, reachMs);
  if (reachMs < STEP_MS / 2) return null;
  const seconds = Math.round(reachMs / 1000);
  const value = -Math.min(seconds, Math.round((back ? atMs : 0) / 1000));
  const said = back ? t('rewind.ago', { time: stopwatch(atMs) }) : t('rewind.live');
  return (
    <div
      className={classes.strip}
      data-back={back}
      data-compact={compact}
      data-whole={whole}
      data-behind-ms={back && past.behindMs !== undefined ? Math.round(past.behindMs) : undefined}
      data-testid={`${id}-strip`}
    >
      {whole && <span className={classes.whole}>{back ? `${t('rewind.notLive')} · ${said}` : t('rewind.whole')}</span>}
      <button
        type="button"
        className={classes.button}
        aria-label={t(whole ? 'rewind.wholeBack10' : 'rewind.back10')}
        title={t(whole ? 'rewind.wholeBack10' : 'rewind.back10')}
        data-testid={`${id}-back`}
        onClick={() => past.goBack(Math.min(reachMs, (past.askedMs === undefined ? 0 : atMs) + STEP_MS))}
      >
        <IconRewindBackward10 size={compact ? 18 : 34} aria-hidden />
      </button>
      {back && (
        <button
          type="button"
          className={classes.button}
          aria-label={past.paused ? t('rewind.play') : t('rewind.pause')}
          data-testid={`${id}-pause`}
          onClick={past.togglePause}
        >
          {past.paused ? (
            <IconPlayerPlayFilled size={compact ? 16 : 30} aria-hidden />
          ) : (
            <IconPlayerPauseFilled size={compact ? 16 : 30} aria-hidden />
          )}
        </button>
      )}
      <input
        type="range"
        className={classes.range}
        min={-seconds}
        max={0}
        step={1}
        value={value}
        aria-label={t(whole ? 'rewind.wholeTimeline' : 'rewind.timeline', { source: name })}
        aria-valuetext={said}
        data-testid={`${id}-range`}
        onChange={(event) => past.goBack(-Number(event.currentTarget.value) * 1000)}
        onKeyDown={(event) => {
          // Two seconds are live: the first step from there has to lead beyond them.
          if (!back && (event.key === 'ArrowLeft' || event.key === 'ArrowDown')) past.goBack(Math.min(reachMs, 5_000));
          else if (back && event.key === 'Escape') past.goLive();
          else return;
          event.preventDefault();
          event.stopPropagation();
        }}
      />
      {back && (
        <button type="button" className={classes.live} data-testid={`${id}-live`} onClick={past.goLive}>
          {t('rewind.live')}
        </button>
      )}
    </div>
  );
}
