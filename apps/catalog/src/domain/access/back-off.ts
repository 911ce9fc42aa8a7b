/** What is counted of failed sign-ins: by the name that was tried, by the network address, and by both together. */
export type Counted = 'pair' | 'name' | 'address';

/** Failures without any wait, and the longest wait. */
const rules: Readonly<Record<Counted, { free: number; longestMs: number }>> = {
  // Somebody at a desk who mistypes.
  pair: { free: 5, longestMs: 15 * 60_000 },
  // Many machines against one account. Short: whoever wants to lock somebody out must not succeed.
  name: { free: 20, longestMs: 60_000 },
  // One machine against many accounts; behind one address may be a whole ward.
  address: { free: 50, longestMs: 5 * 60_000 },
};
/** After that long without a failure it begins anew. */
export const FORGET_MS = 60 * 60_000;

export interface Failures {
  count: number;
  lastAt: Date;
}

/** How long the next attempt has to wait, ms: 1 s after the free ones, twice as long after each further failure. */
export function waitMs(counted: Counted, failures: Failures | undefined, now: Date): number {
  if (!failures || now.getTime() - failures.lastAt.getTime() >= FORGET_MS) return 0;
  const { free, longestMs } = rules[counted];
  const over = failures.count - free;
  if (over < 0) return 0;
  const pause = Math.min(longestMs, 1000 * 2 ** Math.min(over, 30));
  return Math.max(0, failures.lastAt.getTime() + pause - now.getTime());
}
