import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addSound, soundPackets } from '../../../test/add-sound.ts';
import { decodeFrames, frameCounters } from '../decode.ts';
import { enhance } from '../enhance/enhance.ts';
import { previewFrame } from '../enhance/preview.ts';
import { enhanceFilters, enhanceSettings } from '../enhance/recipes.ts';
import { indexSource } from '../cut/index-source.ts';
import { smartCut } from '../cut/smart-cut.ts';
import { takePicture } from '../pictures.ts';
import { measureQuality } from '../quality/quality.ts';
import { writeSyntheticVideo } from '../testing.ts';
import { exportVideo } from './export-video.ts';
import { redact } from './redact.ts';

let dir: string;
let source: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'redact-'));
  const silent = join(dir, 'silent.mp4');
  source = join(dir, 'film.mp4');
  await writeSyntheticVideo(silent, { width: 320, height: 180, frames: 60, gop: 20 });
  await addSound(silent, source, 2);
});
afterAll(() => rm(dir, { recursive: true }));

/** Luma of a region in every frame. */
async function lumas(path: string, [x, y, w, h]: readonly [number, number, number, number]): Promise<number[][]> {
  const all: number[][] = [];
  await decodeFrames(path, ({ frame }) => {
    const [plane] = frame.data ?? [];
    const stride = frame.linesize[0] ?? 0;
    const values: number[] = [];
    for (let j = y; j < y + h; j++) for (let i = x; i < x + w; i++) values.push(plane?.[j * stride + i] ?? -1);
    all.push(values);
  });
  return all;
}
const spread = (values: readonly number[]): number => {
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
  return Math.sqrt(values.reduce((sum, one) => sum + (one - mean) ** 2, 0) / values.length);
};

describe('redaction', () => {
  it('hides a region for good, in the frames named, and changes nothing else', async () => {
    const output = join(dir, 'hidden.mp4');
    const region = { x: 0.5, y: 0.5, width: 0.25, height: 0.5 };
    await redact({ input: source, output, hidden: [{ how: 'black', region, frames: { from: 10, to: 20 } }] });
    const inside = await lumas(output, [160, 90, 80, 90]);
    const before = await lumas(source, [160, 90, 80, 90]);
    inside.forEach((values, frame) => {
      if (frame >= 10 && frame < 20) expect(Math.max(...values)).toBeLessThanOrEqual(16);
      else expect(values).toEqual(before[frame]);
    });
    const outside = [0, 0, 160, 180] as const;
    expect(await lumas(output, outside)).toEqual(await lumas(source, outside));
    expect((await soundPackets(output)).size).toBeGreaterThan(80);
  });

  it('blurs until nothing can be read, also the whole picture for a while', async () => {
    const output = join(dir, 'blurred.mp4');
    // the counter is read in the whole picture, and not where it is blurred
    await redact({ input: source, output, hidden: [{ how: 'blur', frames: { from: 5, to: 8 } }] });
    const counters = await frameCounters(output);
    counters.forEach((counter, frame) => expect(counter === frame).toBe(frame < 5 || frame >= 8));
    const area = [0, 0, 320, 180] as const;
    const [sharp, soft] = [await lumas(source, area), await lumas(output, area)];
    expect(spread(soft[6] ?? [])).toBeLessThan(spread(sharp[6] ?? []) * 0.9);
    expect(soft[20]).toEqual(sharp[20]);
  });
});

describe('a preview', () => {
  it('is the very frame, through the very filters', async () => {
    const settings = enhanceSettings('surgery', { brightness: 0.1 });
    const filters = enhanceFilters(settings);
    const enhanced = join(dir, 'enhanced.mp4');
    await enhance({ input: source, output: enhanced, settings, crf: 4 });
    for (const frame of [0, 33, 59]) {
      const file = join(dir, `preview-${frame}.jpg`);
      const plain = await previewFrame({ input: source, frame, filters: () => '', width: 1920 });
      await writeFile(file, plain.jpeg);
      expect(await frameCounters(file)).toEqual([frame]);
      const shown = await previewFrame({ input: source, frame, filters: () => filters, width: 1920 });
      await writeFile(file, shown.jpeg);
      expect(await frameCounters(file)).toEqual([frame]);
      const [jpeg = []] = await lumas(file, [0, 0, 320, 180]);
      await writeFile(file, (await takePicture(enhanced, { frame })).jpeg);
      const [film = []] = await lumas(file, [0, 0, 320, 180]);
      const error = jpeg.reduce((sum, value, i) => sum + Math.abs(value - (film[i] ?? 0)), 0) / jpeg.length;
      expect(error).toBeLessThan(1.5);
    }
    await expect(previewFrame({ input: source, frame: 60, filters: () => '', width: 64 })).rejects.toMatchObject({
      code: 'no-frames',
    });
  });

  it('counts frames also where a gap stands between them', async () => {
    const gap = join(dir, 'gap.mp4');
    const index = await indexSource(source);
    const cut = { sources: [index], parts: [{ source: 0, from: 0, to: 60 }], output: gap };
    // every frame of the second half begins two seconds later
    const late = {
      ...index,
      times: Array.from(index.times, (time, i) => (i < 30 ? time : time + 2 * index.timeBase.den)),
    };
    await smartCut({ ...cut, sources: [late], encodeAll: true, proof: 'bytes' });
    const file = join(dir, 'gap.jpg');
    for (const frame of [29, 30, 31, 59]) {
      await writeFile(file, (await previewFrame({ input: gap, frame, filters: () => '', width: 1920 })).jpeg);
      expect(await frameCounters(file)).toEqual([frame]);
    }
  });
});

describe('the sound of an export', () => {
  it('is copied and stays with its picture', async () => {
    const directory = join(dir, 'out');
    const files = await exportVideo({ input: source, directory, profiles: ['mobile', 'archive'], quality: false });
    const wanted = await soundPackets(source);
    for (const { path } of files) {
      const packets = await soundPackets(path);
      for (const [data, seconds] of packets) expect(Math.abs(seconds - (wanted.get(data) ?? -1))).toBeLessThan(0.002);
      expect(wanted.size - packets.size).toBeLessThan(4);
    }
  });

  it('also when its picture was enhanced', async () => {
    const output = join(dir, 'sound.mp4');
    await enhance({ input: source, output, settings: enhanceSettings('default') });
    expect((await soundPackets(output)).size).toBeGreaterThan(80);
    const report = await measureQuality(source, output, {
      referenceFilters: enhanceFilters(enhanceSettings('default')),
    });
    expect(report.passed).toBe(true);
  });
});
