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
}

const STEP_MS = 10_000;

/** One timeline: its right end is live, everything left of it is the past. Arrow keys step a second, End is live. */
export function PastStrip({ past, name, availableMs, compact }: Props) {
  const { t } = useTranslation();
  const back = past.askedMs !== undefined;
  const reachMs = Math.max(past.reachMs ?? availableMs ?? 0, past.askedMs ?? 0);
  const atMs = Math.min(past.behindMs ?? past.askedMs ?? 0, reachMs);
  if (reachMs < STEP_MS / 2) return null;
  const seconds = Math.round(reachMs / 1000);
  const value = -Math.min(seconds, Math.round((back ? atMs : 0) / 1000));
  const said = back ? t('rewind.ago', { time: stopwatch(atMs) }) : t('rewind.live');
  return (
    <div className={classes.strip} data-back={back} data-compact={compact} data-testid="past-strip">
      <button
        type="button"
        className={classes.button}
        aria-label={t('rewind.back10')}
        title={t('rewind.back10')}
        data-testid="past-back"
        onClick={() => past.goBack(Math.min(reachMs, (past.askedMs === undefined ? 0 : atMs) + STEP_MS))}
      >
        <IconRewindBackward10 size={compact ? 18 : 34} aria-hidden />
      </button>
      {back && (
        <button
          type="button"
          className={classes.button}
          aria-label={past.paused ? t('rewind.play') : t('rewind.pause')}
          data-testid="past-pause"
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
        aria-label={t('rewind.timeline', { source: name })}
        aria-valuetext={said}
        data-testid="past-range"
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
        <button type="button" className={classes.live} data-testid="past-live" onClick={past.goLive}>
          {t('rewind.live')}
        </button>
      )}
    </div>
  );
}
