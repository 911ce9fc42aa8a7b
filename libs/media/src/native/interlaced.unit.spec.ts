import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeFrameCounter } from '../pattern/counter.ts';
import { decodeFrames, frameCounters } from './decode.ts';
import { rgbFrames } from './frames.ts';
import { takePicture } from './pictures.ts';
import { probe } from './probe.ts';
import { takeStill } from './still.ts';
import { fieldCounters, writeInterlacedVideo } from './testing.ts';
import { transcode } from './transcode.ts';
import { planVideo, type VideoTarget } from './video-target.ts';

const PICTURES = 8;
let dir: string;
let hd: string;
let sd: string;
const counters = fieldCounters(2 * PICTURES);
const firstFields = counters.filter((_, i) => i % 2 === 0);
const pairs = firstFields.map((first, i) => [first, counters[2 * i + 1]]);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'interlaced-'));
  hd = join(dir, '1080i25.mp4');
  sd = join(dir, '576i25.ts');
  writeInterlacedVideo(hd, { target: 'h264-bluray', fields: 'tff', pictures: PICTURES });
  writeInterlacedVideo(sd, { target: 'mpeg2-main', fields: 'bff', pictures: PICTURES });
});
afterAll(() => rm(dir, { recursive: true }));

/** The counters of the two fields of every picture, the upper lines first. */
async function countersOfFields(path: string): Promise<[number | null, number | null][]> {
  const all: [number | null, number | null][] = [];
  await decodeFrames(path, ({ frame }) => {
    const [y] = frame.data ?? [];
    const stride = frame.linesize[0] ?? 0;
    const of = (parity: number) =>
      decodeFrameCounter(frame.width, (x, line) => y?.[(2 * (line >> 1) + parity) * stride + x] ?? 0);
    all.push([of(0), of(1)]);
  });
  return all;
}

describe('fields', () => {
  it('are found in the pictures, and which of them came first', async () => {
    expect(await probe(hd)).toMatchObject({ interlaced: true, fields: 'tff', frames: PICTURES });
    expect(await probe(sd)).toMatchObject({ interlaced: true, fields: 'bff', frames: PICTURES });
    expect(await countersOfFields(hd)).toEqual(pairs);
  });

  it('become frames of their own where twice the rate fits: every moment once, in order', async () => {
    const output = join(dir, 'field.mp4');
    const made = await transcode({ input: hd, output, preset: 'ultrafast', compare: 300 });
    expect(made).toMatchObject({ frameRate: { num: 50, den: 1 }, level: '4.2', frames: 2 * PICTURES });
    expect(made.notes.join()).toMatch(/interlaced \(25 pictures.*top field first.*every field became a frame, 50/);
    expect(await probe(output)).toMatchObject({ interlaced: false, fields: null, constantFrameRate: true });
    expect(await frameCounters(output)).toEqual(counters);
    expect(made.closeness).toMatchObject({ comparedFrames: 2 * PICTURES, identical: false });
    expect(made.closeness?.psnr).toBeGreaterThan(30);
  });

  it('become a frame together where twice the rate does not fit', async () => {
    const output = join(dir, 'frame.mp4');
    const made = await transcode({ input: hd, output, preset: 'ultrafast', highestLevel: '4.1' });
    expect(made).toMatchObject({ frameRate: { num: 25, den: 1 }, level: '4.1', frames: PICTURES });
    expect(made.notes.join()).toContain('each pair of fields became a frame');
    expect(await frameCounters(output)).toEqual(firstFields);
  });

  it.each([
    ['h264-bluray', 'hd', 'tff', { codec: 'h264', height: 1080, level: 41 }],
    ['mpeg2-high', 'hd', 'tff', { codec: 'mpeg2video', height: 1080, level: 4 }],
    ['mpeg2-main', 'sd', 'bff', { codec: 'mpeg2video', height: 576, level: 8 }],
  ] as const)('stay fields in %s', async (target: VideoTarget, source, fields, expected) => {
    const input = source === 'hd' ? hd : sd;
    const output = join(dir, `${target}.kept`);
    const made = await transcode({ input, output, target, preset: 'ultrafast', compare: 300 });
    expect(made.notes.join()).toContain('stays so');
    expect(await probe(output)).toMatchObject({ ...expected, interlaced: true, fields, frames: PICTURES });
    expect(made.closeness?.psnr).toBeGreaterThan(30);
    if (source !== 'hd') return; // its samples are not square: no counter to read
    expect(await countersOfFields(output)).toEqual(pairs);
  });

  it('never reach a picture: stills, posters and frames coded one by one are whole', async () => {
    expect(await takePicture(hd, { frame: 3 })).toMatchObject({ width: 1920, height: 1080, atMs: 120 });
    let frames = 0;
    for await (const { rgb, width } of rgbFrames(hd)) {
      const counter = decodeFrameCounter(width, (x, y) => rgb[(y * width + x) * 3 + 1] ?? 0);
      expect(counter).toBe(firstFields[frames++]);
    }
    expect(frames).toBe(PICTURES);
    for (const frame of [0, 3, PICTURES - 1]) {
      const still = join(dir, 'still.png');
      await writeFile(still, (await takeStill(hd, frame, 'png')).bytes);
      for await (const { rgb, width } of rgbFrames(still))
        expect(decodeFrameCounter(width, (x, y) => rgb[(y * width + x) * 3 + 1] ?? 0)).toBe(firstFields[frame]);
    }
  });
});

describe('a plan for fields', () => {
  const at = (target: VideoTarget, width: number, height: number, num: number, den = 1, highest?: '4.1') =>
    planVideo(target, { width, height, frameRate: { num, den }, fields: 'tff' }, highest);

  it('keeps them only where no line is scaled and the rate is one of the format', () => {
    expect(at('h264-bluray', 1920, 1080, 30_000, 1001)).toMatchObject({ fields: 'tff', height: 1080 });
    expect(at('h264-bluray', 1920, 1080, 30)).toMatchObject({ deinterlace: 'frame' }); // 29.97 is not 30
    expect(at('mpeg2-high', 768, 576, 25)).toMatchObject({ height: 720, deinterlace: 'field' });
    expect(at('mpeg2-main', 640, 480, 30_000, 1001)).toMatchObject({ fields: 'tff', height: 480 });
    expect(at('mpeg2-main', 1920, 1080, 25)).toMatchObject({ height: 576, deinterlace: 'frame' });
  });

  it('takes twice the rate where the level holds it', () => {
    expect(at('h264', 1920, 1080, 25)).toMatchObject({ deinterlace: 'field', frameRate: { num: 50 }, level: '4.2' });
    expect(at('h264', 1920, 1080, 25, 1, '4.1')).toMatchObject({ deinterlace: 'frame', level: '4.1' });
    expect(at('h264', 768, 576, 25, 1, '4.1')).toMatchObject({ deinterlace: 'field', level: '4.1' });
    expect(at('hevc-main', 3840, 2160, 30)).toMatchObject({ deinterlace: 'field', frameRate: { num: 60 } });
  });
});
