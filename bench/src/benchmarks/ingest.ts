import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '@smartbox/kernel';
import { FullRing } from '../full-ring.ts';
import type { Benchmark } from '../pairs.ts';

const MESSAGES = 240;
const BYTES = 1_000_000;
/** As capture-edge does it (promises.md: large fragments, a few publishes in flight). */
const IN_FLIGHT = 8;

const rate = (milliseconds: number): number => (MESSAGES * BYTES) / 1000 / milliseconds;

/** Fragments into the ring, each acknowledged after its fsync, against appending and `fdatasync` of the same pieces. */
export const ingest: Benchmark = {
  name: 'ingest',
  unit: 'MB/s',
  peer: 'append + fdatasync of each piece',
  target: { atLeast: 0.5 },
  async setUp(report) {
    const ring = await FullRing.start(report);
    const piece = randomBytes(BYTES);
    return {
      ours: async () => {
        const run = newId();
        const inFlight = new Set<Promise<unknown>>();
        const start = performance.now();
        for (let i = 0; i < MESSAGES; i++) {
          const sent = ring.messaging.ring
            .publishRing('ring.or-1.endoscope', piece, {}, `${run}/${i}`, { timeoutMs: 30_000 })
            .finally(() => inFlight.delete(sent));
          inFlight.add(sent);
          if (inFlight.size >= IN_FLIGHT) await Promise.race(inFlight);
        }
        await Promise.all(inFlight);
        return rate(performance.now() - start);
      },
      peer: async () => {
        const file = await open(join(ring.folder, 'append'), 'w');
        const start = performance.now();
        try {
          for (let i = 0; i < MESSAGES; i++) {
            await file.write(piece);
            await file.datasync();
          }
          return rate(performance.now() - start);
        } finally {
          await file.close();
        }
      },
      tearDown: () => ring.stop(),
      notes: () => [
        `${MESSAGES} messages of 1 MB over loopback, ${IN_FLIGHT} in flight, every one fsynced before its acknowledgement (\`sync_interval: always\`).`,
      ],
    };
  },
};
