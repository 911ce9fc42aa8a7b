import { AV_PIX_FMT_YUV420P10LE } from 'node-av/constants';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CuttingRoom, range, wanted } from '../../../test/cutting.ts';
import type { ForeignVideo } from '../../../test/foreign-video.ts';
import { probe } from '../probe.ts';
import { indexSource } from './index-source.ts';

let room: CuttingRoom;
beforeAll(async () => void (room = await CuttingRoom.open()));
afterAll(() => room.close());

const hevc = (params: string, more: Partial<ForeignVideo> = {}): ForeignVideo => ({
  frames: 24,
  encoder: 'libx265',
  options: { preset: 'ultrafast', 'x265-params': `log-level=none:keyint=8:min-keyint=8:scenecut=0:${params}` },
  ...more,
});

describe('a cut of HEVC', () => {
  it.each([
    ['closed GOPs with B-frames', 'open-gop=0:bframes=3'],
    ['closed GOPs without', 'open-gop=0:bframes=0'],
    ['open GOPs', 'open-gop=1:bframes=3:b-pyramid=1'],
  ])('%s: is exact at every offset and copies what it can', { timeout: 180_000 }, async (name, params) => {
    const path = room.foreign(`${name.replaceAll(' ', '-')}.mp4`, hevc(params));
    await room.everyOffset(path, 24, 6, ({ notes, segments }) => {
      expect(notes).toEqual([]);
      for (const { kind, from } of segments) if (kind === 'copy') expect(from % 8).toBe(0);
    });
    const result = await room.cut([path], [{ source: 0, from: 5, to: 24 }]);
    expect(result).toMatchObject({ frames: 19, copiedFrames: 16, reencodedFrames: 3 });
    expect(result.encoder).toContain('libx265');
    expect(await probe(result.output)).toMatchObject({ codec: 'hevc', profile: 'Main', frames: 19, durationMs: 760 });
  });

  it('takes parts in any order, out of every container', { timeout: 120_000 }, async () => {
    const parts = [
      { source: 0, from: 14, to: 24 },
      { source: 0, from: 8, to: 12 },
      { source: 0, from: 0, to: 7 },
    ];
    for (const container of ['mp4', 'mpegts', 'matroska']) {
      const path = room.foreign(`parts.${container}`, hevc('open-gop=1:bframes=3', { container }));
      const result = await room.cut([path], parts);
      expect(result.counters).toEqual(wanted(parts));
      expect(result.copiedFrames).toBeGreaterThanOrEqual(8);
    }
  });

  it('stays 10-bit', { timeout: 60_000 }, async () => {
    const pixelFormat = { name: 'yuv420p10le', value: AV_PIX_FMT_YUV420P10LE };
    const path = room.foreign('deep.mp4', hevc('open-gop=0:bframes=2', { pixelFormat }));
    const result = await room.cut([path], [{ source: 0, from: 6, to: 24 }]);
    expect(result).toMatchObject({ copiedFrames: 16, proof: { frames: 18, identicalFrames: 16 } });
    expect(await probe(result.output)).toMatchObject({ profile: 'Main 10', bitDepth: 10 });
  });

  it('joins films of HEVC, and makes H.264 of one beside H.264', { timeout: 60_000 }, async () => {
    const [a, b] = [0, 1].map((i) => room.foreign(`join-${i}.mp4`, hevc('open-gop=1', { firstCounter: i * 1000 })));
    const own = await room.own('join-own.mp4', 16, 2000);
    const both = [
      { source: 0, from: 3, to: 24 },
      { source: 1, from: 8, to: 24 },
    ];
    const joined = await room.cut([a ?? '', b ?? ''], both);
    expect(joined.counters).toEqual(wanted(both));
    expect(joined.copiedFrames).toBeGreaterThanOrEqual(28);
    const mixed = await room.cut([a ?? '', own], [
      { source: 0, from: 0, to: 24 },
      { source: 1, from: 0, to: 16 },
    ]); // prettier-ignore
    expect(mixed.counters).toEqual([...range(0, 24), ...range(2000, 2016)]);
    expect(mixed.notes).toEqual([expect.stringMatching(/join-own.mp4 is re-encoded completely: it is H.264 and/)]);
  });

  it('begins at pictures whose numbers begin anew, whatever the length of the edge', { timeout: 120_000 }, async () => {
    // x265 counts pictures modulo 256
    const path = room.foreign('long.mp4', hevc('open-gop=1:bframes=3:keyint=24:min-keyint=24', { frames: 300 }));
    expect((await indexSource(path)).keyframes.map(({ frame }) => frame)).toContain(264);
    for (const from of [254, 255, 256, 257, 263]) {
      const result = await room.cut([path], [{ source: 0, from, to: 300 }]);
      expect(result.counters).toEqual(range(from, 300));
      expect(result.copiedFrames).toBe(36);
    }
  });
});
