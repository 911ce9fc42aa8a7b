import type { ClipView } from '@smartbox/contracts';
import { Loader } from '@mantine/core';
import { IconArrowBackUp, IconCircleCheckFilled, IconAlertTriangleFilled } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNow } from '../app/use-now.ts';
import { stopwatch } from '../format/quantities.ts';
import { Thumb } from '../ui/Thumb.tsx';
import classes from './Actions.module.css';
import type { SaveAttempt } from './saves.ts';
import { savePhase } from './saves.ts';
import { useLengthText } from './useLengthText.ts';

/** After this long without confirmation the card says so. */
const LONG_MS = 5_000;
/** The server takes a save back for 30 s; the offer ends a little earlier, counted from when it was seen. */
const UNDO_MS = 28_000;

interface Props {
  attempt: SaveAttempt;
  clip: ClipView | undefined;
  onUndo: () => void;
}

/** The answer to the button: saving, SAVED with picture and length, or not saved. Green only on the server's word. */
export function SaveCard({ attempt, clip, onUndo }: Props) {
  const { t } = useTranslation();
  const lengthText = useLengthText();
  const now = useNow(250);
  const phase = savePhase(attempt, clip, now.getTime());
  const [savedSeenAt, setSavedSeenAt] = useState<number>();
  if (phase.phase === 'saved' && savedSeenAt === undefined) setSavedSeenAt(now.getTime());
  const undoable = savedSeenAt !== undefined && now.getTime() - savedSeenAt < UNDO_MS;
  const asked = lengthText(attempt.seconds);
  if (phase.phase === 'saving') {
    return (
      <div className={classes.card} data-tone="busy" role="status" data-testid="save-card" data-phase="saving">
        <Loader size={44} aria-hidden />
        <div className={classes.cardText}>
          <strong>{t('console.saving', { length: asked })}</strong>
          {phase.forMs > LONG_MS && <span>{t('console.savingLong', { time: stopwatch(phase.forMs) })}</span>}
        </div>
      </div>
    );
  }
  if (phase.phase === 'failed') {
    return (
      <div className={classes.card} data-tone="bad" data-testid="save-card" data-phase="failed">
        <IconAlertTriangleFilled size={44} aria-hidden />
        <div className={classes.cardText}>
          <strong>{t('console.failedTitle')}</strong>
          <span>{phase.reason}</span>
        </div>
      </div>
    );
  }
  const saved = stopwatch(phase.clip.savedMs ?? 0);
  return (
    <div className={classes.card} data-tone="good" role="status" data-testid="save-card" data-phase="saved">
      <div className={classes.cardThumb}>
        <Thumb url={phase.clip.posterUrl} />
      </div>
      <div className={classes.cardText}>
        <strong className={classes.cardTitle}>
          <IconCircleCheckFilled size={28} aria-hidden />
          {t('clipState.saved')}
        </strong>
        <span>
          {phase.clip.truncated ? t('console.savedShort', { saved, asked }) : t('console.savedLength', { time: saved })}
        </span>
      </div>
      {undoable && (
        <button type="button" className={classes.undo} onClick={onUndo} data-testid="undo">
          <IconArrowBackUp size={32} aria-hidden />
          <span>{t('console.undo')}</span>
        </button>
      )}
    </div>
  );
}
