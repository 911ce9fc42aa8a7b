import type { StationView } from '@smartbox/contracts';
import {
  IconBookmark,
  IconCamera,
  IconCircleCheck,
  IconPlayerRecordFilled,
  IconPlayerStopFilled,
} from '@tabler/icons-react';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { useLocale } from '../app/locale.ts';
import { useNow } from '../app/use-now.ts';
import { clockTime } from '../format/dates.ts';
import { stopwatch } from '../format/quantities.ts';
import classes from './Actions.module.css';
import { BufferBar } from './BufferBar.tsx';
import { SaveButton } from './SaveButton.tsx';
import { SaveCard } from './SaveCard.tsx';
import { recordableMs } from './saves.ts';
import type { Console } from './useConsole.ts';

interface Props {
  station: StationView;
  console: Console;
  seconds: number;
  availableMs: number | undefined;
  /** By the recipe nothing is kept of this patient. */
  refuses: boolean;
  /** How old the picture is that a still would be taken of; undefined: of now. */
  oldMs: number | undefined;
  onStill: () => void;
  onChoose: () => void;
}

const HOUR_MS = 3_600_000;
/** How long the last answer and its undo stay in reach. */
const CARD_MS = 45_000;

/** The right side: save, and what became of it; record; still; marker. */
export function ActionPanel({ station, console, seconds, availableMs, refuses, oldMs, onStill, onChoose }: Props) {
  const { t } = useTranslation();
  const now = useNow(1_000);
  const locale = useLocale();
  const attempt = console.attempts.at(-1);
  const clip = attempt && console.clips.find((c) => c.clipId === attempt.clipId);
  const settledAt = clip?.savedAt === undefined ? undefined : Date.parse(clip.savedAt);
  const cardOpen =
    attempt && (settledAt === undefined || now.getTime() - Math.max(settledAt, attempt.startedAt) < CARD_MS);
  const note = console.note && now.getTime() - console.note.at < 6_000 ? console.note : undefined;
  const recording = station.recording;
  const left = recordableMs(station);
  // A disk that is nearly full is said before the recording too.
  const space = recording || (left !== undefined && left < HOUR_MS) ? left : undefined;
  return (
    <section className={classes.panel} aria-label={t('console.title')}>
      <SaveButton
        seconds={seconds}
        availableMs={availableMs}
        disabled={refuses}
        onSave={() => void console.save(seconds)}
        onChoose={onChoose}
      />
      <div className={classes.answer} aria-live="polite">
        {note ? (
          <div className={classes.card} data-tone="idle" data-testid="note">
            <IconCircleCheck size={40} aria-hidden />
            <div className={classes.cardText}>
              <strong>
                {note.kind === 'undone' && t('console.undone')}
                {note.kind === 'still' &&
                  (note.oldMs === undefined
                    ? t('console.stillTaken')
                    : t('console.stillOfPastTaken', { time: ageText(t, note.oldMs) }))}
                {note.kind === 'marker' && t('console.markerSet', { time: clockTime(note.at, locale, true) })}
              </strong>
            </div>
          </div>
        ) : cardOpen ? (
          <SaveCard
            key={attempt.clipId}
            attempt={attempt}
            clip={clip}
            onUndo={() => void console.undo(attempt.clipId)}
          />
        ) : (
          <div className={classes.idle}>
            <span>{t('console.buffer')}</span>
            <BufferBar availableMs={availableMs} windowMs={station.window?.windowMs ?? station.windowMs} ofWindow />
          </div>
        )}
      </div>
      <button
        type="button"
        className={classes.record}
        data-recording={recording !== undefined}
        disabled={console.recordBusy || (refuses && !recording)}
        onClick={() => void console.record()}
        data-testid="record"
      >
        {recording ? <IconPlayerStopFilled size={44} aria-hidden /> : <IconPlayerRecordFilled size={44} aria-hidden />}
        <span>
          {recording ? t('console.stopRecord') : t('console.record')}
          {recording && (
            <span className={`${classes.elapsed} tnum`} data-testid="elapsed">
              {stopwatch(now.getTime() - Date.parse(recording.startedAt))}
            </span>
          )}
          {space !== undefined && (
            <span className={classes.space} data-testid="space-left">
              {space >= HOUR_MS
                ? t('space.hours', { count: Math.floor(space / HOUR_MS) })
                : t('space.minutes', { count: Math.floor(space / 60_000) })}
            </span>
          )}
        </span>
      </button>
      <div className={classes.pair}>
        <button
          type="button"
          className={classes.action}
          disabled={refuses}
          data-past={oldMs !== undefined}
          onClick={onStill}
          data-testid="still"
        >
          <IconCamera size={40} aria-hidden />
          {oldMs === undefined ? t('console.still') : t('console.stillOfPast', { time: ageText(t, oldMs) })}
        </button>
        <button type="button" className={classes.action} onClick={() => void console.marker()} data-testid="marker">
          <IconBookmark size={40} aria-hidden />
          {t('console.marker')}
        </button>
      </div>
    </section>
  );
}

/** "12 s", "1 min 5 s". */
function ageText(t: TFunction, ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return t('console.ageSeconds', { seconds });
  return t('console.ageMinutes', { minutes: Math.floor(seconds / 60), seconds: seconds % 60 });
}
