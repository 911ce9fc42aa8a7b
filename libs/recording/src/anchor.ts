import { msToNs, nsToMs } from './ring-entry.ts';
import type { TimedEntry } from './timeline.ts';

/** Fragments stored this near to a moment tell where the station's clock was then. */
const NEAR_MS = 10_000;

/**
 * Where the station's monotonic clock was at a moment of the broker's clock. A fragment is stored soon after its
 * last frame, never before: the least delay seen near the moment is the distance of the two clocks.
 * Undefined when there is no entry at all.
 */
export function monotonicAtBroker(entries: readonly TimedEntry[], brokerMs: number): bigint | undefined {
  const near = entries.filter((entry) => Math.abs(entry.brokerMs - brokerMs) <= NEAR_MS);
  const latest = entries.reduce<TimedEntry | undefined>(
    (best, entry) => (best && best.brokerMs >= entry.brokerMs ? best : entry),
    undefined,
  );
  const seen = near.length > 0 ? near : latest ? [latest] : [];
  const delays = seen.map((entry) => msToNs(entry.brokerMs) - entry.endNs);
  const [first, ...others] = delays;
  if (first === undefined) return undefined;
  return msToNs(brokerMs) - others.reduce((least, delay) => (delay < least ? delay : least), first);
}

/**
 * Where the station's monotonic clock was at a wall-clock instant, by the labels of the fragments: the one that
 * contains the instant, else the nearest. Undefined when there is no entry at all.
 */
export function monotonicAtWall(entries: readonly TimedEntry[], wallMs: number): bigint | undefined {
  let best: { distance: number; at: bigint } | undefined;
  for (const entry of entries) {
    const start = Date.parse(entry.headers.capturedAt);
    const end = start + nsToMs(entry.endNs - entry.startNs);
    const distance = wallMs < start ? start - wallMs : wallMs >= end ? wallMs - end : 0;
    if (best === undefined || distance < best.distance) {
      best = { distance, at: entry.startNs + msToNs(wallMs - start) };
    }
  }
  return best?.at;
}
