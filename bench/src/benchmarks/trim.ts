import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { indexSource, smartCut } from '@smartbox/media/native';
import { FILM_SECONDS, RingFiles, writeFilm } from '../film.ts';
import type { Benchmark } from '../pairs.ts';
import { timed } from '../shell.ts';

const FRAME_RATE = 30;
/** In the middle of a GOP at both ends: the head has to be encoded anew. */
const FROM = 15;
const TO = FILM_SECONDS * FRAME_RATE - 20;

/** A cut exactly to the frame, proved, against ffmpeg's stream copy of the same range (from the keyframe before). */
export const trim: Benchmark = {
  name: 'trim',
  unit: 'ms',
  peer: 'ffmpeg -c copy of the same range',
  target: { atMost: 1.2 },
  async setUp(report) {
    const folder = await mkdtemp('/var/tmp/smartbox-bench-');
    report('writing two minutes of 1080p30 at 8 Mbit/s');
    const ring = await RingFiles.write(folder);
    const film = join(folder, 'film.mp4');
    await writeFilm(film, ring.movie());
    const parts = [{ source: 0, from: FROM, to: TO }];
    let said = '';
    const spent = { index: 0, cut: 0, runs: 0 };
    const ours = async (): Promise<number> => {
      const start = performance.now();
      const source = await indexSource(film);
      const indexed = performance.now();
      const result = await smartCut({ sources: [source], parts, output: join(folder, 'ours.mp4'), proof: 'bytes' });
      const end = performance.now();
      said = `${result.copiedFrames} frames copied, ${result.reencodedFrames} encoded anew`;
      spent.index += indexed - start;
      spent.cut += end - indexed;
      spent.runs++;
      return end - start;
    };
    await ours();
    const seconds = (frames: number) => String(frames / FRAME_RATE);
    const range = ['-ss', seconds(FROM), '-i', film, '-t', seconds(TO - FROM)];
    const copy = ['-c', 'copy', '-movflags', '+faststart', join(folder, 'peer.mp4')];
    return {
      ours,
      peer: () => timed('ffmpeg', '-y', '-loglevel', 'error', ...range, ...copy),
      tearDown: () => rm(folder, { recursive: true, force: true }),
      notes: () => [
        `Frames ${FROM} to ${TO} of ${FILM_SECONDS} s of 1080p30 at 8 Mbit/s: ${said}. ffmpeg copies from the keyframe before and hides the frames in front by an edit list; its program start is counted, ours runs in a process that is there.`,
        `Of ours, ${(spent.index / spent.runs).toFixed(0)} ms read the source once to know every GOP and parameter set, ${(spent.cut / spent.runs).toFixed(0)} ms cut, encode the head, and read the result back to prove every copied byte.`,
        'What limits: about 160 ms encode the head, and the proof. The bytes that are kept are hashed once while they are written, then read back out of the result and compared with those of the source: 118 MB pass four times where ffmpeg, which proves nothing, moves them twice.',
      ],
    };
  },
};
