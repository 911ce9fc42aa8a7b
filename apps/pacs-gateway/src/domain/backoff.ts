/** Waiting times, milliseconds. */
export interface Backoff {
  firstMs: number;
  maxMs: number;
}

/** Between attempts for one object. */
export const RETRY: Backoff = { firstMs: 5_000, maxMs: 600_000 };
/** Between tries to reach a parked destination: a PACS that is back should not wait long. */
export const PARK: Backoff = { firstMs: 5_000, maxMs: 120_000 };
/** Until our own side is asked again. */
export const LATER_MS = 10_000;

/**
 * Doubles from `firstMs` with the number of failures so far (1 is the first), at most `maxMs`, and up to a fifth more
 * or less by chance, so that many waiting deliveries do not come back in one moment.
 */
export function backoffMs({ firstMs, maxMs }: Backoff, failures: number, random: number): number {
  const step = Math.min(maxMs, firstMs * 2 ** Math.min(30, Math.max(0, failures - 1)));
  return Math.round(step * (0.8 + 0.4 * random));
}
