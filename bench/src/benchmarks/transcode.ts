import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { exportVideo, writeSyntheticVideo } from '@smartbox/media/native';
import type { Benchmark } from '../pairs.ts';
import { timed } from '../shell.ts';

const FRAMES = 300;

/** The export `mobile` (decode, scale, encode, write) against the ffmpeg program with the same encoder and settings. */
export const transcode: Benchmark = {
  name: 'transcode',
  unit: 'fps',
  peer: 'ffmpeg with the same filters, encoder and settings',
  target: { atLeast: 0.98 },
  async setUp(report) {
    const folder = await mkdtemp('/var/tmp/smartbox-bench-');
    const film = join(folder, 'film.mp4');
    report(`encoding ${FRAMES} frames of 1080p30`);
    await writeSyntheticVideo(film, { width: 1920, height: 1080, frames: FRAMES, detail: 0.3, bitrate: 8_000_000 });
    const settings = ['-preset', 'veryfast', '-profile:v', 'main', '-crf', '23', '-maxrate', '2500k', '-bufsize', '5000k', '-g', '60']; // prettier-ignore
    const video = ['-vf', 'scale=-2:720:flags=lanczos,format=yuv420p', '-c:v', 'libx264', '-threads', '2', ...settings];
    const output = join(folder, 'peer.mp4');
    let encoder = '';
    return {
      ours: async () => {
        const start = performance.now();
        const [file] = await exportVideo({ input: film, directory: join(folder, 'out'), profiles: ['mobile'], quality: false }); // prettier-ignore
        encoder = file?.encoder ?? '';
        return (FRAMES * 1000) / (performance.now() - start);
      },
      peer: async () =>
        (FRAMES * 1000) /
        (await timed('ffmpeg', '-y', '-loglevel', 'error', '-threads', '2', '-i', film, ...video, '-movflags', '+faststart', output)), // prettier-ignore
      tearDown: () => rm(folder, { recursive: true, force: true }),
      notes: () => [
        `${FRAMES} frames of 1080p30 with moving detail to 720 lines: ${encoder}. Two threads for decoding and two for encoding on both sides; without the comparison with the source that an export makes afterwards.`,
        'Ours runs FFmpeg 8.1 inside the npm package with its own libx264, the peer is the one that the distribution packages: the encoders are of different age, which the ratio contains.',
        'Both decode and scale in one thread and encode in two others: on two cores the encoder is what limits.',
      ],
    };
  },
};
