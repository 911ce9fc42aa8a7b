import { IconClock, IconDeviceFloppy } from '@tabler/icons-react';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { stopwatch } from '../format/quantities.ts';
import classes from './Actions.module.css';
import { useLengthText } from './useLengthText.ts';

const LONG_PRESS_MS = 550;

interface Props {
  seconds: number;
  availableMs: number | undefined;
  disabled: boolean;
  onSave: () => void;
  onChoose: () => void;
}

/** The button. A tap saves the usual length; holding it, or the clock beside it, offers other lengths. */
export function SaveButton({ seconds, availableMs, disabled, onSave, onChoose }: Props) {
  const { t } = useTranslation();
  const lengthText = useLengthText();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const release = () => clearTimeout(timer.current);
  const short = availableMs !== undefined && availableMs >= 1000 && availableMs < seconds * 1000;
  const available =
    availableMs === undefined
      ? t('console.availableUnknown')
      : availableMs < 1000
        ? t('console.nothingAvailable')
        : t('console.available', { time: stopwatch(availableMs) });
  return (
    <div className={classes.saveRow}>
      <button
        type="button"
        className={classes.save}
        disabled={disabled}
        data-testid="save-last"
        onPointerDown={() => {
          timer.current = setTimeout(() => {
            ignoreRelease();
            onChoose();
          }, LONG_PRESS_MS);
        }}
        onPointerUp={release}
        onPointerLeave={release}
        onPointerCancel={release}
        onContextMenu={(event) => event.preventDefault()}
        onClick={onSave}
      >
        <IconDeviceFloppy size={64} stroke={1.7} aria-hidden />
        <span className={classes.saveText}>{t('console.saveLast', { length: lengthText(seconds) })}</span>
        <span className={classes.saveInfo} data-testid="available">
          {short ? t('console.lessThanAsked', { time: stopwatch(availableMs) }) : available}
        </span>
      </button>
      <button
        type="button"
        className={classes.length}
        disabled={disabled}
        onClick={onChoose}
        data-testid="choose-length"
      >
        <IconClock size={40} aria-hidden />
        <span>{t('console.otherLength')}</span>
      </button>
    </div>
  );
}

/**
 * Lifting the finger that held the button is a click: on the button, or on whatever has come under it since. That one
 * click does nothing; what is touched or pressed next counts again.
 */
function ignoreRelease(): void {
  const over = new AbortController();
  const options = { capture: true, once: true, signal: over.signal };
  window.addEventListener(
    'click',
    (event) => {
      event.stopPropagation();
      over.abort();
    },
    options,
  );
  for (const next of ['pointerdown', 'keydown']) window.addEventListener(next, () => over.abort(), options);
}
