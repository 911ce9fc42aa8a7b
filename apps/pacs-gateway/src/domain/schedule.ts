/** The hours of a day in which a destination takes objects, local time: `HH:MM` to `HH:MM`, also over midnight. */
export interface Schedule {
  from: string;
  to: string;
  /** IANA name; absent: the one of this machine. */
  timeZone?: string | undefined;
}

const DAY_MINUTES = 24 * 60;
const MINUTE_MS = 60_000;

const minutesOf = (clock: string) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));
const within = (minutes: number) => (minutes + DAY_MINUTES) % DAY_MINUTES;

/** Milliseconds since local midnight. */
function timeOfDay(now: Date, timeZone: string | undefined): number {
  const parts = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  return minutesOf(parts.format(now)) * MINUTE_MS + (now.getTime() % MINUTE_MS);
}

/**
 * Undefined while it is open; else since when it is closed and when it opens. Where the clocks are changed meanwhile the
 * opening is an hour off: whoever waits for it looks again then.
 */
export function closedBy(schedule: Schedule, now: Date): { since: Date; until: Date } | undefined {
  const [from, to] = [minutesOf(schedule.from), minutesOf(schedule.to)];
  const passed = timeOfDay(now, schedule.timeZone);
  const minute = Math.floor(passed / MINUTE_MS);
  if (from === to || within(minute - from) < within(to - from)) return undefined;
  const untilMs = within(from - minute) * MINUTE_MS - (passed % MINUTE_MS);
  const until = new Date(now.getTime() + untilMs);
  return { since: new Date(until.getTime() - within(from - to) * MINUTE_MS), until };
}
