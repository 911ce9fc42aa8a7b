import { msToNs, samplesOf, ticksToNs, type RingEntry } from './ring-entry.ts';

/** A ring entry with its place on the station's monotonic clock. */
export interface TimedEntry extends RingEntry {
  /** First frame and end of the last frame, nanoseconds. Grows over a reboot of the station too. */
  startNs: bigint;
  endNs: bigint;
  /** Sum of the frame durations. */
  ticks: number;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
/** A clock that goes back by more than this has started anew. */
const REBOOT_NS = 1_000_000_000n;

/**
 * The entries of one source in the order of their frames, each once: by epoch (in order of appearance), then by
 * sequence, whatever order a retry stored them in. Entries whose headers contradict themselves are left out.
 */
export function timeline(entries: readonly RingEntry[]): TimedEntry[] {
  const epochs = new Map<string, Map<number, RingEntry>>();
  for (const entry of [...entries].sort((a, b) => a.streamSequence - b.streamSequence)) {
    const { epoch, sequence } = entry.headers;
    let fragments = epochs.get(epoch);
    if (!fragments) epochs.set(epoch, (fragments = new Map<number, RingEntry>()));
    if (!fragments.has(sequence)) fragments.set(sequence, entry);
  }
  const timed: TimedEntry[] = [];
  let shift = 0n;
  let epoch: string | undefined;
  for (const fragments of epochs.values()) {
    for (const entry of [...fragments.values()].sort((a, b) => a.headers.sequence - b.headers.sequence)) {
      const samples = samplesOf(entry.headers);
      if (!samples) continue;
      const ticks = sum(samples.durations);
      const length = ticksToNs(ticks);
      const previous = timed.at(-1);
      const monotonic = BigInt(entry.headers.monotonicNs);
      if (previous && epoch !== entry.headers.epoch && monotonic + shift + REBOOT_NS < previous.endNs) {
        // CLOCK_MONOTONIC began anew with the machine: only the broker's clock knows how long it was away.
        const away = msToNs(entry.brokerMs - previous.brokerMs) - length;
        shift = previous.endNs + (away > 0n ? away : 0n) - monotonic;
      }
      epoch = entry.headers.epoch;
      const startNs = monotonic + shift;
      timed.push({ ...entry, startNs, endNs: startNs + length, ticks });
    }
  }
  return timed;
}
