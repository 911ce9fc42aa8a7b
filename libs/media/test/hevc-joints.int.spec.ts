import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CuttingRoom, wanted } from './cutting.ts';
import type { ForeignVideo } from './foreign-video.ts';

const run = promisify(execFile);
const FRAMES = 32;

let room: CuttingRoom;
beforeAll(async () => void (room = await CuttingRoom.open()));
afterAll(() => room.close());

const hevc = (name: string, params: string, firstCounter: number): string =>
  room.foreign(`${name}-${firstCounter}.mp4`, {
    frames: FRAMES,
    firstCounter,
    encoder: 'libx265',
    options: { preset: 'ultrafast', 'x265-params': `log-level=none:keyint=8:min-keyint=8:scenecut=0:${params}` },
  } satisfies ForeignVideo);

/**
 * What another decoder shows: Debian's FFmpeg (5.1 in Debian 12), which hands out one picture for each that it takes,
 * in frames and in words of complaint.
 */
async function shown(path: string): Promise<{ frames: number; complaints: string }> {
  const args = ['-v', 'warning', '-i', path, '-f', 'framemd5', '-fps_mode', 'passthrough', '-'];
  const { stdout, stderr } = await run('ffmpeg', args);
  return { frames: stdout.split('\n').filter((line) => /^0,/.test(line)).length, complaints: stderr };
}

const part = fc
  .tuple(fc.nat(1), fc.nat(FRAMES - 1), fc.nat(FRAMES - 1))
  .map(([source, a, b]) => ({ source, from: Math.min(a, b), to: Math.max(a, b) + 1 }));

describe('HEVC that is joined inside', { timeout: 300_000 }, () => {
  it.each([
    ['open GOPs and B-frames', 'open-gop=1:bframes=3:b-pyramid=1'],
    ['open GOPs, two B-frames', 'open-gop=1:bframes=2:b-pyramid=0'],
    ['closed GOPs and B-frames', 'open-gop=0:bframes=3'],
  ])('of %s: another decoder shows every frame of it, too', async (name, params) => {
    const sources = [hevc(name.replaceAll(/[ ,]/g, '-'), params, 0), hevc(name.replaceAll(/[ ,]/g, '-'), params, 1000)];
    let copied = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 2, maxLength: 4 }), async (parts) => {
        const film = await room.cut(sources, parts);
        expect(film.counters).toEqual(wanted(parts));
        expect(await shown(film.output)).toEqual({ frames: film.frames, complaints: '' });
        copied += film.copiedFrames;
        await rm(film.output);
      }),
      {
        numRuns: 30,
        examples: [
          // copies before a copied CRA picture, with an encoded stretch between them, and without
          [[{ source: 0, from: 3, to: 20 }, { source: 1, from: 5, to: 32 }]], // prettier-ignore
          [[{ source: 0, from: 0, to: 16 }, { source: 1, from: 8, to: 32 }]], // prettier-ignore
          [[{ source: 0, from: 8, to: 24 }, { source: 0, from: 8, to: 24 }, { source: 1, from: 16, to: 31 }]], // prettier-ignore
        ],
      },
    );
    expect(copied).toBeGreaterThan(300);
  });

  it('can be cut again at its joints', async () => {
    const params = 'open-gop=1:bframes=3';
    const sources = [hevc('again', params, 0), hevc('again', params, 1000)];
    const joined = await room.cut(sources, [{ source: 0, from: 0, to: 20 }, { source: 1, from: 8, to: 32 }]); // prettier-ignore
    const cut = await room.cut([joined.output], [{ source: 0, from: 20, to: 44 }]);
    expect(cut.counters).toEqual(joined.counters.slice(20));
    expect(cut.copiedFrames).toBe(24); // it begins with the very joint
    expect(await shown(cut.output)).toEqual({ frames: 24, complaints: '' });
  });
});
