import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { movieHeader } from '@smartbox/recording/mp4';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CuttingRoom, range } from '../../../test/cutting.ts';
import { frameCounters } from '../decode.ts';
import { indexSource } from './index-source.ts';
import { encodeRingHead } from './ring-head.ts';

let room: CuttingRoom;
beforeAll(async () => void (room = await CuttingRoom.open()));
afterAll(() => room.close());

const GOP = 8;

/** Frames `lead` to 24 of a film in GOPs of 8, its first GOP as the ring would hold it. */
async function beginAt(path: string, lead: number) {
  const index = await indexSource(path);
  const file = await readFile(path);
  const { offsets, entry, displayWidth, displayHeight } = index.table ?? { offsets: [], entry: Buffer.alloc(0) };
  const sizes = Array.from(index.sizes);
  const sample = (i: number): Buffer => file.subarray(offsets[i] ?? 0, (offsets[i] ?? 0) + (sizes[i] ?? 0));
  const gop = { sampleEntry: entry, samples: Buffer.concat(range(0, GOP).map(sample)), sizes: sizes.slice(0, GOP), frameRate: index.frameRate }; // prettier-ignore
  const head = encodeRingHead(gop, lead);
  const rest = Buffer.concat(range(GOP, 24).map(sample));
  const restSizes = sizes.slice(GOP, 24);
  const chunk = (own: readonly number[], sync: number[], offset: number) => ({ sizes: own, durations: own.map(() => 1000), sync, description: 1, offset }); // prettier-ignore
  const chunks = [chunk(head.sizes, [0], 0), chunk(restSizes, [0, GOP], head.samples.length)];
  const track = { kind: 'video' as const, timescale: 25_000, entries: [head.sampleEntry ?? entry], chunks };
  const data = Buffer.concat([head.samples, rest]);
  const header = movieHeader([{ ...track, displayWidth: displayWidth ?? 0, displayHeight: displayHeight ?? 0 }], data.length, ['isom', 'avc1']); // prettier-ignore
  const output = join(room.dir, 'begun.mp4');
  await writeFile(output, Buffer.concat([header, data]));
  return { head, counters: await frameCounters(output) };
}

describe('the end of a GOP as a beginning', () => {
  it('of the ring: with the parameter sets that are there', async () => {
    const path = await room.own('own.mp4', 24);
    for (const lead of range(1, GOP)) {
      const { head, counters } = await beginAt(path, lead);
      expect(counters).toEqual(range(lead, 24));
      expect(head).toMatchObject({ sampleEntry: null, encoder: expect.stringContaining('stitchable=1') });
      expect(head.frames).toHaveLength(GOP - lead);
      expect(head.quality.ssim.average).toBeGreaterThan(0.98);
      for (const { sourceHash, hash } of head.frames) expect([sourceHash, hash]).toEqual([expect.stringMatching(/^\w{64}$/), expect.stringMatching(/^\w{64}$/)]); // prettier-ignore
    }
  });

  it('of a camera that is passed through: with a second pair of them', async () => {
    const options = { g: '8', bf: '0', profile: 'main', 'x264-params': 'scenecut=0:keyint=8:bframes=0' };
    const path = room.foreign('camera.mp4', { frames: 24, options });
    for (const lead of [1, 4, 7]) {
      const { head, counters } = await beginAt(path, lead);
      expect(counters).toEqual(range(lead, 24));
      expect(head.encoder).toContain('sps-id=1');
      expect(head.sampleEntry?.length).toBeGreaterThan(0);
    }
  });

  it('that cannot be decoded is refused', async () => {
    const path = await room.own('broken.mp4', 8);
    const { table, sizes, frameRate } = await indexSource(path);
    const gop = { sampleEntry: table?.entry ?? Buffer.alloc(0), sizes: Array.from(sizes), frameRate };
    const samples = Buffer.alloc(
      gop.sizes.reduce((sum, size) => sum + size, 0),
      1,
    );
    expect(() => encodeRingHead({ ...gop, samples }, 3)).toThrow(/GOP of the ring cannot be cut|cannot decode/);
  });
});
