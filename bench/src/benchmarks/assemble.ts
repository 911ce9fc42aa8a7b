import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RingFiles, writeFilm } from '../film.ts';
import type { Benchmark } from '../pairs.ts';
import { copyAndSync } from '../shell.ts';

/** Making one MP4 of the fragments of a ring, in one pass, against copying the finished file. */
export const assemble: Benchmark = {
  name: 'assemble',
  unit: 'MB/s',
  peer: 'cp + sync of the same bytes',
  target: { atLeast: 0.95 },
  async setUp(report) {
    const folder = await mkdtemp('/var/tmp/smartbox-bench-');
    report('writing two minutes of 1080p30 at 8 Mbit/s in fragments');
    const ring = await RingFiles.write(folder);
    const film = join(folder, 'film.mp4');
    await writeFilm(film, ring.movie());
    const { bytes } = ring.layout;
    const rate = (milliseconds: number): number => bytes / 1000 / milliseconds;
    return {
      ours: async () => rate(await writeFilm(join(folder, 'ours.mp4'), ring.movie())),
      peer: async () => rate(await copyAndSync(film, join(folder, 'copy.mp4'))),
      tearDown: () => rm(folder, { recursive: true, force: true }),
      notes: () => [
        `${(bytes / 1e6).toFixed(0)} MB in ${ring.plan.fragments.length} fragments that stand in the page cache; written and fsynced on both sides, program start of \`cp\` and \`sync\` included.`,
        'Ours reads every fragment, checks its SHA-256 and takes its samples out: 0.2 s of processor time for 120 MB, about as long as the whole takes. `cp` lets the kernel copy and touches no byte, so that the target is reached only where the disk is slower than that.',
      ],
    };
  },
};
