import classes from './Retention.module.css';

/** How much of something is used, as a bar with its words. */
export function Progress({ value, max, label }: { value: number; max: number; label: string }) {
  const share = Math.min(1, value / max);
  return (
    <div className={classes.used} data-tone={share < 0.8 ? 'good' : share < 0.95 ? 'warn' : 'bad'}>
      <progress aria-label={label} max={1} value={share} />
      <span>{label}</span>
    </div>
  );
}
