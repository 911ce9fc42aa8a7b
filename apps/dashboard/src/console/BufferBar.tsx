import { useTranslation } from 'react-i18next';
import { stopwatch } from '../format/quantities.ts';
import classes from './BufferBar.module.css';

interface Props {
  /** `undefined`: nobody knows at the moment. */
  availableMs: number | undefined;
  windowMs: number;
  name?: string;
  /** Says "6:40 of 15:00". */
  ofWindow?: boolean;
}

/** How much of the buffer really holds pictures of this procedure. */
export function BufferBar({ availableMs, windowMs, name, ofWindow = false }: Props) {
  const { t } = useTranslation();
  const text =
    availableMs === undefined
      ? t('console.availableUnknown')
      : availableMs < 1000
        ? t('console.nothingAvailable')
        : ofWindow
          ? t('console.ofWindow', { time: stopwatch(availableMs), window: stopwatch(windowMs) })
          : t('console.available', { time: stopwatch(availableMs) });
  return (
    <div className={classes.bar} data-unknown={availableMs === undefined} data-testid="buffer-bar">
      <progress
        className={classes.track}
        aria-label={name ? `${name}: ${text}` : text}
        max={Math.max(1, windowMs)}
        value={Math.min(availableMs ?? 0, windowMs)}
      />
      <span className={classes.text}>{text}</span>
    </div>
  );
}
