import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AV_PIX_FMT_YUV422P10LE } from 'node-av/constants';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addSound, soundPackets } from '../../../test/add-sound.ts';
import { CuttingRoom, range, wanted } from '../../../test/cutting.ts';
import type { ForeignVideo } from '../../../test/foreign-video.ts';
import { probe } from '../probe.ts';
import { indexSource } from './index-source.ts';
import { smartCut } from './smart-cut.ts';

let room: CuttingRoom;
beforeAll(async () => void (room = await CuttingRoom.open()));
afterAll(() => room.close());

const B_FRAMES = { g: '8', bf: '3', 'x264-params': 'scenecut=0:b-pyramid=normal:open-gop=0:bframes=3:b-adapt=0' };
const OPEN_GOP = { g: '8', bf: '3', 'x264-params': 'scenecut=0:open-gop=1:bframes=3:keyint=8:b-adapt=0' };

describe('a cut of a stream of the ring', () => {
  it(
    'shows exactly the frames asked for at every offset, and encodes only the head',
    { timeout: 120_000 },
    async () => {
      const path = await room.own('own.mp4', 24);
      await room.everyOffset(path, 24, 40, ({ segments, notes, encoder }) => {
        expect(notes).toEqual([]);
        expect(segments.filter(({ kind }) => kind === 'encode').length).toBeLessThanOrEqual(1);
        for (const { kind, from } of segments) if (kind === 'encode') expect(from % 8).not.toBe(0);
        if (encoder !== null) expect(encoder).toContain('stitchable=1');
      });
    },
  );

  it('takes inner parts out, puts parts in another order, and keeps the duration to the tick', async () => {
    const path = await room.own('own-parts.mp4', 40);
    const parts = [
      { source: 0, from: 27, to: 40 },
      { source: 0, from: 0, to: 9 },
      { source: 0, from: 15, to: 16 },
      { source: 0, from: 16, to: 17 },
    ];
    const result = await room.cut([path], parts);
    expect(result.counters).toEqual(wanted(parts));
    expect(result).toMatchObject({ frames: 24, copiedFrames: 18, reencodedFrames: 6, durationMs: 800 });
    expect(await probe(result.output)).toMatchObject({
      frames: 24,
      durationMs: 800,
      constantFrameRate: true,
      startTicks: 0,
    });
    expect(result.proof.manifest.map(({ frame }) => frame)).toEqual(wanted(parts));
  });

  it('joins files, also of other makers and other sizes', async () => {
    const paths = [
      await room.own('join-a.mp4', 20),
      await room.own('join-b.mp4', 20, 1000),
      room.foreign('join-c.mp4', { frames: 20, firstCounter: 2000, options: B_FRAMES }),
      room.foreign('join-d.mp4', { frames: 6, firstCounter: 3000, width: 480, height: 270 }),
    ];
    const parts = [
      { source: 0, from: 0, to: 20 },
      { source: 1, from: 3, to: 20 },
      { source: 2, from: 0, to: 20 },
      { source: 3, from: 0, to: 6 },
    ];
    const result = await room.cut(paths, parts);
    expect(result.counters).toEqual(wanted(parts));
    expect(result.copiedFrames).toBe(32);
    expect(result.notes).toEqual([
      expect.stringMatching(/join-c.mp4 is re-encoded completely: its parameter sets contradict/),
      expect.stringMatching(/join-d.mp4 is re-encoded completely: it is 480x270 and the film 320x180/),
    ]);
    expect(result.durationMs).toBeCloseTo((37 * 1000) / 30 + 26 * 40, 1);
  });
});

describe('a cut of a foreign stream', () => {
  it('with B-frames is exact at every offset; whole GOPs are copied', { timeout: 120_000 }, async () => {
    const path = room.foreign('b.mp4', { frames: 24, options: B_FRAMES });
    expect((await probe(path)).gop).toMatchObject({ bFrames: true, maxFrames: 8 });
    await room.everyOffset(path, 24, 40, ({ segments }) => {
      for (const { kind, from } of segments) if (kind === 'copy') expect(from % 8).toBe(0);
    });
    const result = await room.cut([path], [{ source: 0, from: 5, to: 21 }]);
    expect(result.copiedFrames).toBeGreaterThanOrEqual(8);
    expect(result.encoder).toContain('sps-id=1');
    expect(await probe(result.output)).toMatchObject({ frames: 16, durationMs: 640, constantFrameRate: true });
  });

  it('with open GOPs is exact and says why it copies less', { timeout: 120_000 }, async () => {
    const path = room.foreign('open.mp4', { frames: 24, options: OPEN_GOP });
    await room.everyOffset(path, 24, 40, () => undefined);
    const result = await room.cut([path], [{ source: 0, from: 10, to: 24 }]);
    expect(result).toMatchObject({ copiedFrames: 0, notes: [expect.stringMatching(/GOPs are open at \d keyframes/)] });
  });

  it.each<[string, ForeignVideo, { copied: boolean }]>([
    ['ts', { frames: 24, container: 'mpegts', options: B_FRAMES }, { copied: true }],
    ['mkv', { frames: 24, container: 'matroska', options: B_FRAMES }, { copied: true }],
    [
      'fragmented',
      { frames: 24, options: B_FRAMES, muxing: { movflags: 'frag_keyframe+empty_moov' } },
      { copied: true },
    ],
    ['faststart', { frames: 24, options: B_FRAMES, muxing: { movflags: 'faststart' } }, { copied: true }],
    ['vfr', { frames: 24, options: B_FRAMES, time: (i) => i * 1000 + (i % 3) * 300 }, { copied: true }],
    ['turned', { frames: 24, options: B_FRAMES, rotated: true }, { copied: true }],
    ['mpeg4-avi', { frames: 24, container: 'avi', encoder: 'mpeg4' }, { copied: false }],
    [
      'vp9',
      { frames: 24, container: 'webm', encoder: 'libvpx-vp9', options: { 'cpu-used': '8', deadline: 'realtime' } },
      { copied: false },
    ],
    [
      'interlaced',
      { frames: 24, options: { g: '8', 'x264-params': 'tff=1:keyint=8' }, interlaced: true },
      { copied: false },
    ],
  ])('%s', { timeout: 60_000 }, async (name, video, { copied }) => {
    const path = room.foreign(`${name}.${video.container === 'mpegts' ? 'ts' : (video.container ?? 'mp4')}`, video);
    const parts = [
      { source: 0, from: 5, to: 11 },
      { source: 0, from: 14, to: 24 },
    ];
    if (name !== 'vfr') parts.reverse(); // then the file is read backwards, too
    const result = await room.cut([path], parts);
    expect(result.counters).toEqual(wanted(parts));
    const isTable = copied && (video.container ?? 'mp4') === 'mp4';
    expect((await indexSource(path)).table !== null).toBe(isTable);
    if (copied) expect(result.copiedFrames).toBeGreaterThanOrEqual(8);
    else expect(result).toMatchObject({ copiedFrames: 0, notes: [expect.stringMatching(/re-encoded completely: /)] });
    expect((await indexSource(result.output)).rotation).toBe((await indexSource(path)).rotation);
    if (name === 'vfr') {
      const { times, timeBase } = await indexSource(result.output);
      const at = (i: number): number => i * 40 + (i % 3) * 12;
      const expected = [
        ...range(5, 11).map((i) => at(i) - at(5)),
        ...range(14, 24).map((i) => at(i) - at(14) + at(11) - at(5)),
      ];
      expect(
        Array.from(times)
          .slice(0, -1)
          .map((t) => Math.round((t * 1000 * timeBase.num) / timeBase.den)),
      ).toEqual(expected);
    }
  });
});

describe('a cut of a 10-bit 4:2:2 stream', () => {
  it('stays 10-bit 4:2:2, with the copied frames identical', async () => {
    const pixelFormat = { name: 'yuv422p10le', value: AV_PIX_FMT_YUV422P10LE };
    const path = room.foreign('deep.mp4', { frames: 24, options: B_FRAMES, pixelFormat });
    const output = join(room.dir, 'deep-cut.mp4');
    const sources = [await indexSource(path)];
    const result = await smartCut({ sources, parts: [{ source: 0, from: 6, to: 20 }], output });
    expect(result).toMatchObject({ frames: 14, proof: { frames: 14, identicalFrames: result.copiedFrames } });
    expect(result.copiedFrames).toBeGreaterThanOrEqual(8);
    expect(await probe(output)).toMatchObject({ chroma: '4:2:2', bitDepth: 10 });
  });
});

describe('the sound', () => {
  it('is copied and keeps its distance from the picture over every cut', async () => {
    const silent = room.foreign('silent.mp4', { frames: 75, options: B_FRAMES });
    const path = join(room.dir, 'sound.mp4');
    await addSound(silent, path, 3);
    const parts = [
      { source: 0, from: 30, to: 61 },
      { source: 0, from: 3, to: 20 },
      { source: 0, from: 64, to: 75 },
    ];
    const result = await room.cut([path], parts);
    expect(result.counters).toEqual(wanted(parts));
    expect(result).toMatchObject({ audio: true, notes: [] });
    const before = await soundPackets(path);
    const after = await soundPackets(result.output);
    let offset = 0;
    let found = 0;
    for (const { from, to } of parts) {
      for (const [data, at] of before) {
        const middle = at + 512 / 48_000;
        if (middle < from / 25 || middle >= to / 25) continue;
        const now = after.get(data);
        if (now === undefined)
          expect(Math.abs(at - from / 25)).toBeLessThan(0.02); // it began before the film
        else {
          expect(Math.abs(now - (offset + at - from / 25))).toBeLessThan(0.0001);
          found++;
        }
      }
      offset += (to - from) / 25;
    }
    expect(found).toBe(after.size);
    expect(after.size).toBeGreaterThan(((59 / 25) * 48_000) / 1024 - 5);
    const mixed = await room.cut(
      [path, silent],
      [parts[1] ?? { source: 0, from: 0, to: 1 }, { source: 1, from: 0, to: 8 }],
    );
    expect(mixed).toMatchObject({ audio: false, notes: [expect.stringMatching(/left out: .*silent.mp4 has none/)] });
  });
});

describe('a refused cut', () => {
  it('leaves nothing behind: cancelled, onto its source, nothing left', async () => {
    const path = await room.own('refuse.mp4', 16);
    const before = (await readdir(room.dir)).length;
    const source = await indexSource(path);
    const output = join(room.dir, 'never.mp4');
    const base = { sources: [source], parts: [{ source: 0, from: 3, to: 12 }], output };
    await expect(smartCut({ ...base, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
    await expect(smartCut({ ...base, output: path })).rejects.toMatchObject({ code: 'output-is-input' });
    await expect(smartCut({ ...base, parts: [] })).rejects.toMatchObject({ code: 'nothing-left' });
    await expect(smartCut({ ...base, output: join(room.dir, 'no/such/folder.mp4') })).rejects.toMatchObject({
      code: 'media-error',
    });
    expect((await readdir(room.dir)).length).toBe(before);
    expect((await stat(path)).size).toBeGreaterThan(0);
  });
});
