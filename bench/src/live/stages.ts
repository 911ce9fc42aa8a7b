import type { Shown } from './player.ts';
import type { LiveRoom } from './room.ts';

export interface Spread {
  p50: number;
  p95: number;
}

/** Where the time between the stamp and the display goes, ms. */
export interface Stages {
  /** Stamp to access unit on the broker: painting and encoding, the floor nobody gets below. */
  encode: Spread;
  /** From there to the browser: service, worker, network. */
  network: Spread;
  /** In the browser until the picture is handed to the compositor: jitter buffer and decoder. */
  decode: Spread;
  /** Until the display is expected to show it. */
  display: Spread;
  total: Spread;
  /** Shown with a readable stamp, of those captured meanwhile. */
  shown: number;
  captured: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  return { p50: at(0.5), p95: at(0.95) };
}

export function stagesOf(room: LiveRoom, shown: readonly Shown[]): Stages {
  const rows = shown.flatMap((one) => {
    const encodedAt = room.encodedAt.get(one.counter);
    return encodedAt === undefined ? [] : [{ ...one, encodedAt, stampedAt: room.stampedAt(one.counter) }];
  });
  const counters = rows.map(({ counter }) => counter);
  const { encode, network, decode, display, total } = {
    encode: rows.map((row) => row.encodedAt - row.stampedAt),
    network: rows.flatMap((row) => (row.receivedAt === undefined ? [] : [row.receivedAt - row.encodedAt])),
    decode: rows.flatMap((row) => (row.receivedAt === undefined ? [] : [row.presentedAt - row.receivedAt])),
    display: rows.map((row) => row.displayedAt - row.presentedAt),
    total: rows.map((row) => row.displayedAt - row.stampedAt),
  };
  return {
    encode: spread(encode),
    network: spread(network),
    decode: spread(decode),
    display: spread(display),
    total: spread(total),
    shown: new Set(counters).size,
    captured: counters.length === 0 ? 0 : Math.max(...counters) - Math.min(...counters) + 1,
  };
}
