import { join } from 'node:path';
import { FullRing } from '../full-ring.ts';
import type { Benchmark } from '../pairs.ts';
import { copyAndSync } from '../shell.ts';

/** "Save the last 2 minutes" until SAVED (written, read back, verified, announced) against `cp` + `sync`. */
export const save2Min: Benchmark = {
  name: 'save-2-min',
  unit: 'ms',
  peer: 'cp + sync of the same bytes',
  target: { atMost: 1.5 },
  async setUp(report) {
    const ring = await FullRing.start(report);
    const clip = await ring.save();
    const file = await ring.clipFile(clip);
    const megabytes = (clip.sources[0]?.bytes ?? 0) / 1e6;
    return {
      ours: async () => {
        const start = performance.now();
        await ring.save();
        return performance.now() - start;
      },
      peer: () => copyAndSync(file, join(ring.folder, 'copy.mp4')),
      tearDown: () => ring.stop(),
      notes: () => [
        `${megabytes.toFixed(0)} MB of 1080p30 at 8 Mbit/s, from the call to the answer SAVED.`,
        'What limits: ring, hash and object store are three processes that hand 120 MB to each other over loopback sockets on two cores; the service alone needs 1.2-1.6 s of CPU (reading from NATS about 0.5 s, three SHA-256 passes, garbage collection). The next lever is a copying process with a small heap.',
        'Ours reads the bytes from the ring, hashes each fragment, writes them to the object store (fsynced), reads all of them back and hashes them again; `cp` reads from the page cache and writes once.',
      ],
    };
  },
};
