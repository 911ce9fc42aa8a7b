/** A DICOM date, PS3.5 section 6.2 (VR DA): YYYYMMDD; ISO dates are read too. `undefined` when it is no date. */
export function parseDicomDate(da: string | undefined): { year: number; month: number; day: number } | undefined {
  const match = /^(\d{4})-?(\d{2})-?(\d{2})$/.exec(da ?? '');
  if (!match) return undefined;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const check = new Date(Date.UTC(year, month - 1, day));
  return check.getUTCMonth() === month - 1 && check.getUTCDate() === day ? { year, month, day } : undefined;
}

/** A calendar day, such as a birth date, in the locale; what cannot be read as a date is shown as it came. */
export function birthDate(da: string | undefined, locale: string): string {
  const date = parseDicomDate(da);
  if (!date) return da ?? '';
  return new Intl.DateTimeFormat(locale, {
    day: '2-digit',
    month: '2-digit',
    year: 'numeric',
    timeZone: 'UTC',
  }).format(Date.UTC(date.year, date.month - 1, date.day));
}

/** Age on a day, in the unit that medicine uses: days below one month, months below two years, then years. */
export function ageOf(
  da: string | undefined,
  now: Date,
): { value: number; unit: 'day' | 'month' | 'year' } | undefined {
  const born = parseDicomDate(da);
  if (!born) return undefined;
  const months =
    (now.getFullYear() - born.year) * 12 + (now.getMonth() + 1 - born.month) - (now.getDate() < born.day ? 1 : 0);
  if (months < 0) return undefined;
  if (months >= 24) return { value: Math.floor(months / 12), unit: 'year' };
  if (months >= 1) return { value: months, unit: 'month' };
  const days = Math.floor(
    (Date.UTC(now.getFullYear(), now.getMonth(), now.getDate()) - Date.UTC(born.year, born.month - 1, born.day)) /
      86_400_000,
  );
  return days < 0 ? undefined : { value: days, unit: 'day' };
}

/** HH:MM of a site-local date and time `YYYY-MM-DDTHH:MM:SS` (no zone, no conversion). */
export function siteTime(local: string | undefined): string {
  return /T(\d{2}:\d{2})/.exec(local ?? '')?.[1] ?? '';
}

export function clockTime(instant: string | number | Date, locale: string, seconds = false): string {
  return new Intl.DateTimeFormat(locale, {
    hour: '2-digit',
    minute: '2-digit',
    ...(seconds ? { second: '2-digit' } : {}),
  }).format(new Date(instant));
}

/** Time alone on the same day, date and time otherwise. */
export function dayTime(instant: string, locale: string, now: Date): string {
  const at = new Date(instant);
  if (at.toDateString() === now.toDateString()) return clockTime(at, locale);
  return new Intl.DateTimeFormat(locale, { dateStyle: 'short', timeStyle: 'short' }).format(at);
}

export function longDate(at: Date, locale: string): string {
  return new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long' }).format(at);
}

export function dateTime(instant: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(instant));
}

/** A day of the site, `YYYY-MM-DD`, as it is: no zone, no conversion. */
export function siteDay(day: string, locale: string): string {
  const format = new Intl.DateTimeFormat(locale, { weekday: 'short', day: '2-digit', month: '2-digit', year: 'numeric', timeZone: 'UTC' }); // prettier-ignore
  return format.format(Date.parse(`${day}T00:00:00Z`));
}
