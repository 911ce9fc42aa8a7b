import type { StoreForecast } from '@smartbox/contracts';

const DAY_MS = 86_400_000;
/** So far ahead nobody believes a straight line any more. */
export const HORIZON_DAYS = 730;

export interface StoreFacts {
  used: { items: number; bytes: number };
  capacityBytes: number | undefined;
  warnDays: number | undefined;
  addedPerDay: number;
  /** Bytes that the rules set free on which day (YYYY-MM-DD), of what is stored now. */
  freed: ReadonlyMap<string, number>;
  /** Of what comes: such a share goes again after so many days. */
  shares: readonly { afterDays: number; share: number }[];
  /** Do the rules act? */
  act: boolean;
}

export const nextDay = (date: string, by = 1): string =>
  new Date(Date.parse(`${date}T00:00:00Z`) + by * DAY_MS).toISOString().slice(0, 10);

/** The store at the end of each day, as it will be when every day adds what an average one did. */
export function forecastOf(facts: StoreFacts, today: string, shownDays: number): StoreForecast {
  const { used, capacityBytes, warnDays, addedPerDay, freed, shares, act } = facts;
  const days: StoreForecast['days'] = [];
  let withRules = used.bytes;
  let withoutRules = used.bytes;
  let fullOn: string | undefined;
  for (let i = 0, date = today; i < HORIZON_DAYS; i += 1, date = nextDay(date)) {
    // today adds nothing more: what it added is counted already
    const added = i === 0 ? 0 : addedPerDay;
    const gone = shares.reduce((sum, { afterDays, share }) => (i > afterDays ? sum + share : sum), 0);
    withoutRules += added;
    withRules = Math.max(0, withRules + added * (1 - Math.min(1, gone)) - (freed.get(date) ?? 0));
    if (i < shownDays) days.push({ date, withRules: Math.round(withRules), withoutRules: Math.round(withoutRules) });
    if (capacityBytes !== undefined && (act ? withRules : withoutRules) >= capacityBytes) fullOn ??= date;
  }
  return {
    used,
    addedPerDayBytes: Math.round(addedPerDay),
    days,
    ...(capacityBytes === undefined ? {} : { capacityBytes }),
    ...(fullOn === undefined ? {} : { fullOn }),
    ...(warnDays === undefined ? {} : { warnDays }),
  };
}

/** Will it be full before the site wants to be told of it? */
export const isFilling = ({ fullOn, warnDays }: StoreForecast, today: string): boolean =>
  fullOn !== undefined && warnDays !== undefined && fullOn <= nextDay(today, warnDays);
