import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MediaFragment } from '../mp4/fragmenter.ts';
import { frameCounters, frameHashes } from './decode.ts';
import { H264Encoder } from './encoder.ts';
import { probe } from './probe.ts';
import { syntheticFragments, type SyntheticVideo } from './testing.ts';

let dir: string;

beforeAll(async () => void (dir = await mkdtemp(join(tmpdir(), 'media-'))));
afterAll(() => rm(dir, { recursive: true }));

const record = (frames: number, video: Omit<SyntheticVideo, 'frames'>): MediaFragment[] =>
  syntheticFragments({ frames, firstCounter: 1000, firstPts: 5_000_000_000, ...video });

async function save(name: string, ...parts: Buffer[]): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, Buffer.concat(parts));
  return path;
}

const counters = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

describe('encode, fragment, decode', () => {
  it('keeps every frame, in order, and says truly what it is', async () => {
    const fragments = record(90, { width: 640, height: 360 });
    expect(fragments.map((f) => f.frames)).toEqual([30, 30, 30]);
    expect(fragments.every((f) => f.keyframe && f.duration === 90_000)).toBe(true);
    expect(fragments[1]?.baseMediaDecodeTime).toBe(5_000_090_000);
    const first = fragments[0];
    const path = await save('all.mp4', first?.init ?? Buffer.alloc(0), ...fragments.map((f) => f.data));
    expect(await frameCounters(path)).toEqual(counters(1000, 90));
    const facts = await probe(path);
    expect(facts).toMatchObject({
      codec: 'h264',
      profile: 'High',
      level: 41,
      width: 640,
      height: 360,
      frameRate: { num: 30, den: 1 },
      constantFrameRate: true,
      frames: 90,
      durationMs: 3000,
      gop: { closed: true, bFrames: false, maxFrames: 30, maxMs: 1000, startsWithKeyframe: true },
      chroma: '4:2:0',
      bitDepth: 8,
      interlaced: false,
      audioTracks: [],
    });
    expect(facts.sps?.colour).toEqual({ primaries: 1, transfer: 1, matrix: 1 });
  });

  it('plays any GOP alone, with pictures equal to those of the whole', async () => {
    const fragments = record(60, { width: 480, height: 270, gop: 15 });
    const whole = await frameHashes(
      await save('whole.mp4', fragments[0]?.init ?? Buffer.alloc(0), ...fragments.map((f) => f.data)),
    );
    for (const [i, fragment] of fragments.entries()) {
      const path = await save(`gop-${i}.mp4`, fragment.init, fragment.data);
      expect(await frameHashes(path)).toEqual(whole.slice(i * 15, i * 15 + 15));
    }
  });

  it('splits a GOP that is too large into parts which join again', async () => {
    const fragments = record(30, { width: 640, height: 360, maxBytes: 8_000 });
    expect(fragments.length).toBeGreaterThan(2);
    expect(fragments.map((f) => f.keyframe)).toEqual(fragments.map((_, i) => i === 0));
    const path = await save('parts.mp4', fragments[0]?.init ?? Buffer.alloc(0), ...fragments.map((f) => f.data));
    expect(await frameCounters(path)).toEqual(counters(1000, 30));
  });

  it.each([
    [1280, 720],
    [960, 540],
    [320, 180],
    [1920, 1080],
  ])('reads the counter at %ix%i and a low bitrate', async (width, height) => {
    const fragments = record(10, { width, height, bitrate: Math.max(200_000, (width * height) / 2) });
    const path = await save(`low-${width}.mp4`, fragments[0]?.init ?? Buffer.alloc(0), ...fragments.map((f) => f.data));
    expect(await frameCounters(path)).toEqual(counters(1000, 10));
    expect(await probe(path)).toMatchObject({ width, height, frames: 10 });
  });

  it('uses its bitrate on a detailed picture, and the counter survives', async () => {
    const fragments = syntheticFragments({ width: 1280, height: 720, frames: 60, bitrate: 8_000_000, detail: 1 });
    const path = await save('detail.mp4', fragments[0]?.init ?? Buffer.alloc(0), ...fragments.map((f) => f.data));
    expect(await frameCounters(path)).toEqual(counters(0, 60));
    const { bitrate } = await probe(path);
    expect(bitrate).toBeGreaterThan(6_000_000);
    expect(bitrate).toBeLessThan(9_000_000);
  });

  it('refuses odd sizes and sizes beyond every level', () => {
    const base = { frameRate: { num: 30, den: 1 }, bitrate: 1_000_000 };
    expect(() => new H264Encoder({ ...base, width: 641, height: 360 })).toThrow(/641x360/);
    expect(() => new H264Encoder({ ...base, width: 8192, height: 8192 })).toThrow(/8192x8192 at 30\/1/);
  });
});

describe('bad input', () => {
  it('is named clearly', async () => {
    const empty = await save('empty.mp4');
    const text = await save('text.mp4', Buffer.from('this is no video at all, only text\n'.repeat(100)));
    await expect(probe(join(dir, 'missing.mp4'))).rejects.toThrow(/cannot open .*missing\.mp4: No such file/);
    await expect(probe(empty)).rejects.toMatchObject({ code: 'media-error', fault: 'input' });
    await expect(probe(text)).rejects.toMatchObject({ code: 'media-error' });
  });
});
