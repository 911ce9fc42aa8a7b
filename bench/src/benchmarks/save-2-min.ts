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
    const [stored, read] = [await ring.timeOfStore(file), await ring.timeOfRead()];
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
        `The floor here: ${stored.toFixed(0)} ms to put the same bytes into the object store and read them back with no ring, ${read.toFixed(0)} ms to read them out of the ring into nothing. A save does both at once on the same two cores.`,
        'What limits is the processor. Of about 2.5 s of its time, on both cores together, the object store takes 1.3 s for 120 MB (half of it MD5, twice, which S3 asks for), the buffer 1.1 s (half of it the copies and the garbage of the NATS client, the rest three SHA-256 passes and the sockets), the broker 0.1 s.',
        'Ours reads the bytes from the ring, hashes each fragment, writes them to the object store (fsynced), reads all of them back and hashes them again; `cp` reads from the page cache and writes once.',
      ],
    };
  },
};
