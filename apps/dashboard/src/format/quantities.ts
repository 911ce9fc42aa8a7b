/** Minutes and seconds as a stopwatch writes them: "0:07", "6:40", "1:02:03". Rounds down: never claims more. */
export function stopwatch(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes, seconds] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  const tail = `${String(seconds).padStart(2, '0')}`;
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
}

/** A length for a button: "30 s", "2 Min" (the words come from the translation). */
export function lengthParts(seconds: number): { value: number; unit: 'second' | 'minute' } {
  return seconds % 60 === 0 ? { value: seconds / 60, unit: 'minute' } : { value: seconds, unit: 'second' };
}

/** Decimal units, as disks and networks count. */
export function bytes(count: number, locale: string): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value)} ${units[unit]}`;
}

/** "340 ms", "4,2 s", "1:05 min". */
export function elapsed(ms: number, locale: string): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }).format(ms / 1000)} s`;
  return `${stopwatch(ms)} min`;
}

export function count(value: number, locale: string): string {
  return new Intl.NumberFormat(locale).format(value);
}
