import { localTime } from './patient.ts';

/** The instants at which a day (`2026-11-23`) begins and ends on the clocks of a time zone. */
export function localDay(day: string, timeZone: string): { from: Date; to: Date } {
  const next = new Date(Date.parse(`${day}T00:00:00Z`) + 24 * 3_600_000).toISOString().slice(0, 10);
  return { from: midnight(day, timeZone), to: midnight(next, timeZone) };
}

function midnight(day: string, timeZone: string): Date {
  const asUtc = Date.parse(`${day}T00:00:00Z`);
  // The offset at the wanted moment is only known once the moment is: the second guess is right across a change.
  const guess = asUtc - localTime(new Date(asUtc), timeZone).utcOffsetMinutes * 60_000;
  return new Date(asUtc - localTime(new Date(guess), timeZone).utcOffsetMinutes * 60_000);
}

/** Today, `YYYYMMDD`, on the clocks of a time zone. */
export const todayIn = (timeZone: string, now: Date): string => localTime(now, timeZone).date;
