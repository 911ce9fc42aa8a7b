import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { SmartBoxError } from '@smartbox/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeForeignVideo } from '../../test/foreign-video.ts';
import { indexSource } from './cut/index-source.ts';
import { smartCut } from './cut/smart-cut.ts';
import { frameHashes } from './decode.ts';
import { enhance } from './enhance/enhance.ts';
import { enhanceSettings } from './enhance/recipes.ts';
import { exportVideo } from './export/export-video.ts';
import { probe } from './probe.ts';
import { measureQuality } from './quality/quality.ts';

const FRAMES = 40;
const CAVLC = { g: '8', bf: '0', 'x264-params': 'scenecut=0:cabac=0:keyint=8' };
const CONTAINERS = { mp4: 'mp4', ts: 'mpegts', mkv: 'matroska', avi: 'avi' };

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'damage-'));
  for (const [name, container] of Object.entries(CONTAINERS)) {
    const muxing = name === 'mp4' ? { movflags: 'faststart' } : {};
    writeForeignVideo(join(dir, `whole.${name}`), { frames: FRAMES, container, options: CAVLC, muxing });
  }
});
afterAll(() => rm(dir, { recursive: true }));

/** A copy of a film, its bytes changed. */
async function changed(whole: string, change: (bytes: Buffer) => Buffer): Promise<string> {
  const path = join(dir, `changed${extname(whole)}`);
  await writeFile(path, change(await readFile(join(dir, whole))));
  return path;
}

async function refusalOf(job: Promise<unknown>): Promise<{ frame: number; upTo: number; message: string }> {
  const error = await job.then(() => undefined, (thrown: unknown) => thrown); // prettier-ignore
  if (!(error instanceof SmartBoxError) || error.code !== 'damaged') throw new Error(`the job is not refused: ${String(error)}`); // prettier-ignore
  return { ...(error.details as { frame: number; upTo: number }), message: error.message };
}

const DECODING: Record<string, (input: string) => Promise<unknown>> = {
  cut: async (input) =>
    smartCut({ sources: [await indexSource(input)], parts: [{ source: 0, from: 0, to: FRAMES }], output: join(dir, 'never.mp4') }), // prettier-ignore
  export: (input) => exportVideo({ input, profiles: ['archive', 'mobile'], directory: join(dir, 'never') }),
  enhance: (input) => enhance({ input, output: join(dir, 'never.mp4'), settings: enhanceSettings('default') }),
  // damaged alike, both sides: that they are the same is no quality
  quality: (input) => measureQuality(input, input),
};

/** As a disk reads that lost a sector. */
function lostSector(bytes: Buffer, share: number): Buffer {
  const at = 512 * Math.floor((bytes.length * share) / 512);
  return bytes.fill(0, at, at + 512);
}

describe('bits that flipped within a film', () => {
  it.each(Object.keys(CONTAINERS))('%s: every job says at which frame, and leaves nothing behind', async (name) => {
    const whole = await frameHashes(join(dir, `whole.${name}`));
    const early = name === 'ts' ? 2 : 0; // packets carry parts of the picture behind
    for (const share of [0.4, 0.55, 0.7]) {
      const input = await changed(`whole.${name}`, (bytes) => lostSector(bytes, share));
      const files = await readdir(dir);
      const seen = await frameHashes(input).catch(() => []); // as a player shows it
      const first = seen.findIndex((hash, i) => hash !== whole[i]);
      for (const [job, run] of Object.entries(DECODING)) {
        const { frame, upTo, message } = await refusalOf(run(input));
        expect(message).toMatch(/damaged or cut off (at frame \d+|between frames \d+ and \d+)/);
        expect(message, job).toContain(input);
        if (first < 0) continue;
        expect(frame).toBeLessThanOrEqual(first);
        expect(upTo).toBeGreaterThanOrEqual(first - early);
      }
      expect(await readdir(dir)).toEqual(files);
    }
  });

  it('leave the parts alone that do not need them', async () => {
    const input = await changed('whole.mp4', (bytes) => lostSector(bytes, 0.7));
    const sources = [await indexSource(input)];
    const output = join(dir, 'good-part.mp4');
    const { proof } = await smartCut({ sources, parts: [{ source: 0, from: 3, to: 20 }], output });
    expect(proof.manifest.map(({ sourceHash }) => sourceHash)).toEqual((await frameHashes(join(dir, 'whole.mp4'))).slice(3, 20)); // prettier-ignore
    await rm(output);
  });
});

describe('a picture that is not there', () => {
  it('is missed by its number, not closed over', async () => {
    const input = await changed('whole.mp4', (bytes) => bytes);
    const { table, order } = await indexSource(input);
    const bytes = await readFile(input);
    const at = table?.offsets[order[21] ?? 0] ?? 0;
    bytes[at + 4] = ((bytes[at + 4] ?? 0) & 0xe0) | 30; // a NAL unit of a type that decoders pass over
    await writeFile(input, bytes);
    for (const run of Object.values(DECODING)) {
      const { frame, upTo } = await refusalOf(run(input));
      expect([frame <= 21, upTo >= 21]).toEqual([true, true]);
    }
  });

  it('is missed in a transport stream that lost packets', async () => {
    const input = await changed('whole.ts', (bytes) => {
      const at = 188 * Math.floor((bytes.length * 0.5) / 188);
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 3 * 188)]);
    });
    for (const run of [probe, ...Object.values(DECODING)])
      expect((await refusalOf(run(input))).frame).toBeGreaterThan(10);
  });
});

describe('a film that was cut off', () => {
  it.each(Object.keys(CONTAINERS))('%s: no job takes its end for the end of the film', async (name) => {
    for (const share of [0.453, 0.617]) {
      const input = await changed(`whole.${name}`, (bytes) => bytes.subarray(0, Math.floor(bytes.length * share)));
      const files = await readdir(dir);
      for (const run of [probe, ...Object.values(DECODING)]) {
        const { frame } = await refusalOf(run(input));
        expect(frame).toBeGreaterThan(FRAMES * (share - 0.2));
        expect(frame).toBeLessThan(FRAMES * (share + 0.2));
      }
      expect(await readdir(dir)).toEqual(files);
    }
  });
});
