import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeHtj2k, encodeSequence, Htj2kPool } from '../index.ts';
import { frameCounters } from './decode.ts';
import { decodePicture, jpegFrames, rgbFrames } from './frames.ts';
import { probe } from './probe.ts';
import { remux } from './remux.ts';
import { splitAtKeyframes } from './split.ts';
import { writeSyntheticVideo } from './testing.ts';
import { transcode } from './transcode.ts';
import { planVideo, type VideoTarget } from './video-target.ts';

let dir: string;
let source: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'targets-'));
  source = join(dir, 'source.mp4');
  await writeSyntheticVideo(source, { width: 640, height: 360, frames: 10, fps: 25 });
});
afterAll(() => rm(dir, { recursive: true }));

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const counters = Array.from({ length: 10 }, (_, i) => i);

describe('each target is what it says, read out of the bit stream', () => {
  it.each([
    ['hevc-main', { codec: 'hevc', profile: 'Main', level: 51, bitDepth: 8, width: 640, height: 360, frames: 10 }],
    [
      'hevc-main10',
      { codec: 'hevc', profile: 'Main 10', level: 51, bitDepth: 10, width: 640, height: 360, frames: 10 },
    ],
    ['mpeg2-main', { codec: 'mpeg2video', profile: 'Main', level: 8, width: 720, height: 576, frames: 10 }],
    ['mpeg2-high', { codec: 'mpeg2video', profile: 'Main', level: 4, width: 1280, height: 720, frames: 10 }],
    ['h264-bluray', { codec: 'h264', profile: 'High', level: 41, width: 1280, height: 720, frames: 20 }],
  ] as const)('%s', async (target: VideoTarget, expected) => {
    const output = join(dir, `${target}.bin`);
    const made = await transcode({ input: source, output, target, preset: 'ultrafast' });
    const facts = await probe(output);
    expect(facts).toMatchObject({
      ...expected,
      chroma: '4:2:0',
      interlaced: false,
      constantFrameRate: true,
      gop: { closed: true, bFrames: false, startsWithKeyframe: true },
    });
    expect(facts.frames).toBe(made.frames);
    expect(facts.frameRate).toEqual(made.frameRate);
    // the counter's cells follow the width: read where the picture fills it with square samples
    if (target.startsWith('hevc-main') && facts.bitDepth === 8) expect(await frameCounters(output)).toEqual(counters);
    if (target === 'mpeg2-high') expect(await frameCounters(output)).toEqual(counters);
  });
});

describe('a plan', () => {
  it('keeps every frame where it can, and the aspect', () => {
    const at = (target: VideoTarget, width: number, height: number, num: number, den = 1) =>
      planVideo(target, { width, height, frameRate: { num, den } });
    expect(at('mpeg2-high', 1920, 1080, 60)).toMatchObject({
      width: 1280,
      height: 720,
      frameRate: { num: 60, den: 1 },
    });
    expect(at('mpeg2-high', 1920, 1080, 30)).toMatchObject({
      width: 1920,
      height: 1080,
      frameRate: { num: 30, den: 1 },
    });
    expect(at('h264-bluray', 1920, 1080, 24)).toMatchObject({ width: 1920, height: 1080 });
    expect(at('h264-bluray', 1920, 1080, 30)).toMatchObject({ width: 1280, frameRate: { num: 50, den: 1 } });
    expect(at('mpeg2-main', 1920, 1080, 50)).toMatchObject({
      height: 576,
      inner: { x: 0, y: 0, height: 576 },
      sampleAspect: [64, 45],
    });
    expect(at('mpeg2-high', 640, 480, 25)).toMatchObject({
      width: 1280,
      inner: { x: 160, y: 0, width: 960, height: 720 },
    });
    expect(at('hevc-main', 3840, 2160, 60)).toMatchObject({
      width: 3840,
      height: 2160,
      frameRate: { num: 60, den: 1 },
    });
    expect(() => at('h264', 3840, 2160, 30)).toThrow(/HEVC|level/);
  });
});

describe('frames on their own', () => {
  it('are bit-exact in reversible HTJ2K, by an independent decoder', async () => {
    for await (const { rgb, width, height, index } of rgbFrames(source)) {
      const { bytes } = await encodeHtj2k({ rgb, width, height }, { rpcl: index % 2 === 1 });
      const decoded = decodePicture('jpeg2000', bytes);
      expect(decoded).toMatchObject({ width, height, format: 'rgb24' });
      expect(decoded.rgb?.equals(rgb)).toBe(true);
      if (index === 3) break;
    }
  });

  it.each([5, 10, 20])('meet a ratio of %i:1 in lossy HTJ2K', async (ratio) => {
    const [first] = await collect(rgbFrames(source));
    if (!first) throw new Error('no frame');
    const noisy = first.rgb.map((value, i) => (value * 0.7 + ((i * 7919) % 61)) | 0);
    const { bytes } = await encodeHtj2k({ ...first, rgb: noisy }, { ratio });
    const reached = noisy.length / bytes.length;
    expect(reached).toBeGreaterThanOrEqual(ratio);
    expect(reached).toBeLessThan(ratio * 1.06);
    expect(decodePicture('jpeg2000', bytes)).toMatchObject({ width: 640, height: 360 });
  });

  it('come back from the pool in their order', async () => {
    const pool = new Htj2kPool(2);
    try {
      const frames = await collect(rgbFrames(source));
      const copies = frames.map(({ rgb }) => Buffer.from(rgb));
      const codes = await collect(
        encodeSequence(
          pool,
          (async function* () {
            yield* frames;
          })(),
        ),
      );
      expect(codes).toHaveLength(10);
      codes.forEach((code, i) =>
        expect(decodePicture('jpeg2000', code.bytes).rgb?.equals(copies[i] ?? Buffer.alloc(0))).toBe(true),
      );
    } finally {
      await pool.close();
    }
  });

  it('are baseline JPEG in 4:2:2', async () => {
    const pictures = await collect(jpegFrames(source));
    expect(pictures).toHaveLength(10);
    expect(decodePicture('mjpeg', pictures[0]?.jpeg ?? Buffer.alloc(0))).toMatchObject({
      width: 640,
      height: 360,
      format: 'yuvj422p',
    });
  });
});

it('copies a stream into another container without touching a frame', async () => {
  const output = join(dir, 'copy.mp4');
  expect(await remux(source, output)).toBe(10);
  expect(await frameCounters(output)).toEqual(counters);
});

describe('a video cut at keyframes', () => {
  it('has every frame once, in pieces that play alone and keep to the limit', async () => {
    const long = join(dir, 'long.mp4');
    await writeSyntheticVideo(long, {
      width: 640,
      height: 360,
      frames: 60,
      fps: 25,
      gop: 10,
      detail: 1,
      bitrate: 8_000_000,
    });
    const limit = 1_500_000;
    const pieces = await splitAtKeyframes(long, limit, (index) => join(dir, `piece-${index}.mp4`));
    expect(pieces.length).toBeGreaterThan(2);
    const read: (number | null)[] = [];
    for (const { path, frames, startMs } of pieces) {
      expect((await stat(path)).size).toBeLessThanOrEqual(limit);
      expect(startMs).toBeCloseTo(read.length * 40, 3);
      const own = await frameCounters(path);
      expect(own).toHaveLength(frames);
      expect(await probe(path)).toMatchObject({
        frames,
        constantFrameRate: true,
        frameRate: { num: 25, den: 1 },
        gop: { startsWithKeyframe: true, closed: true },
      });
      read.push(...own);
    }
    expect(read).toEqual(Array.from({ length: 60 }, (_, i) => i));
    await expect(splitAtKeyframes(long, 300_000, (index) => join(dir, `no-${index}.mp4`))).rejects.toMatchObject({
      code: 'gop-too-large',
    });
  });
});
