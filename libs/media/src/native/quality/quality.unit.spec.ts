import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeForeignVideo } from '../../../test/foreign-video.ts';
import { smartCut } from '../cut/smart-cut.ts';
import { indexSource } from '../cut/index-source.ts';
import { render } from '../export/render.ts';
import { writeSyntheticVideo } from '../testing.ts';
import { measureQuality } from './quality.ts';

let dir: string;
let source: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'quality-'));
  source = join(dir, 'source.mp4');
  await writeSyntheticVideo(source, { width: 320, height: 180, frames: 12, gop: 4, detail: 0.4 });
});
afterAll(() => rm(dir, { recursive: true }));

/** A copy of known difference: filtered, then kept without loss. */
async function distorted(name: string, filters: string, input = source): Promise<string> {
  const output = join(dir, `${name}.mkv`);
  const branch = { output, muxer: 'matroska', encoder: 'ffv1', filters, pixelFormats: ['yuv420p'] };
  await render({ input, branches: () => [branch] });
  return output;
}

describe('measured quality', () => {
  it('says "inf", 1 and "inf" of the same pictures', async () => {
    const report = await measureQuality(source, await distorted('same', ''));
    expect(report).toMatchObject({
      frames: { reference: 12, distorted: 12, compared: 12 },
      psnr: { average: 'inf', min: 'inf', y: 'inf' },
      ssim: { average: 1, min: 1 },
      xpsnr: { average: 'inf' },
      identicalFrames: 12,
      repeatedFrames: [],
      notes: [],
      passed: true,
    });
  });

  it('gives the PSNR that follows from a known error', async () => {
    const dark = await distorted('dark', 'lutyuv=y=val*0.5+16');
    const off = await distorted('off-by-three', 'lutyuv=y=val+3', dark);
    const report = await measureQuality(dark, off);
    // luma is wrong by 3 everywhere, chroma (half as many samples) is right
    expect(report.psnr.y).toBeCloseTo(10 * Math.log10(255 ** 2 / 9), 3);
    expect(report.psnr.average).toBeCloseTo(10 * Math.log10(255 ** 2 / (9 / 1.5)), 3);
    expect(report.identicalFrames).toBe(0);
  });

  it('gives the SSIM that follows from two even greys', async () => {
    const grey = await distorted('grey', 'lutyuv=y=100:u=128:v=128');
    const lighter = await distorted('lighter', 'lutyuv=y=120:u=128:v=128');
    const { ssim } = await measureQuality(grey, lighter);
    const c1 = (0.01 * 255) ** 2;
    const luma = (2 * 100 * 120 + c1) / (100 ** 2 + 120 ** 2 + c1);
    expect(ssim.average).toBeCloseTo((luma * 4 + 2) / 6, 3); // planes count by their samples
  });

  it('measures pictures that are smaller than the blocks of XPSNR', async () => {
    const tiny = await distorted('tiny', 'scale=32:32');
    expect(await measureQuality(tiny, tiny)).toMatchObject({ identicalFrames: 12, xpsnr: { average: 'inf' } });
    const report = await measureQuality(tiny, await distorted('tiny-noise', 'scale=32:32,noise=c0s=15'));
    expect(Number(report.xpsnr.average)).toBeLessThan(Number(report.psnr.average) + 20);
  });

  it('falls with every step of blur and of noise, in all three measures', async () => {
    for (const steps of [
      ['boxblur=1', 'boxblur=3', 'boxblur=8'],
      ['noise=c0s=4', 'noise=c0s=15', 'noise=c0s=50'],
    ]) {
      const reports = [];
      for (const filters of steps) reports.push(await measureQuality(source, await distorted('step', filters)));
      for (const key of ['psnr', 'ssim', 'xpsnr'] as const) {
        const values = reports.map((report) => Number(report[key].average));
        expect(values).toEqual([...values].sort((a, b) => b - a));
        expect(new Set(values).size).toBe(3);
      }
      expect(reports.at(-1)?.passed).toBe(false);
    }
  });

  it('finds frames that repeat, that are missing, and the worst one', async () => {
    const frozen = await measureQuality(source, await distorted('frozen', 'loop=loop=3:size=1:start=5'));
    expect(frozen.repeatedFrames).toEqual([5, 6, 7]);
    const short = join(dir, 'short.mp4');
    await smartCut({ sources: [await indexSource(source)], parts: [{ source: 0, from: 0, to: 9 }], output: short });
    const missing = await measureQuality(source, short);
    expect(missing).toMatchObject({ frames: { reference: 12, distorted: 9, compared: 9 }, passed: false });
    expect(missing.notes).toEqual(['the videos have 12 and 9 frames']);
    const once = await measureQuality(source, await distorted('once', "boxblur=5:enable='eq(n,7)'"));
    expect(once).toMatchObject({ worstFrame: 7, identicalFrames: 11 });
    expect(once.curve.filter(({ psnr }) => psnr !== 'inf').map(({ frame }) => frame)).toEqual([7]);
  });

  it('finds frames that turned black where the source is not, and none where it is', async () => {
    const black = "lutyuv=y=16:u=128:v=128:enable='between(n,4,6)'";
    const turned = await distorted('black', black);
    const report = await measureQuality(source, turned);
    expect(report).toMatchObject({ blackFrames: [4, 5, 6], identicalFrames: 9, passed: false });
    expect(report.notes).toContain('3 frames are black where the source is not');
    expect(await measureQuality(turned, turned)).toMatchObject({ blackFrames: [], passed: true });
  });

  it('compares other sizes and sampled frames, and says so', async () => {
    const small = await distorted('small', 'scale=160:90');
    const report = await measureQuality(source, small, { every: 4 });
    expect(report.frames.compared).toBe(3);
    expect(report.notes.at(-1)).toBe('compared at 320x180; the second video is 160x90');
    expect(report.notes[0]).toMatch(/^SSIM is 0\.\d+, below 0\.95$/);
    expect(Number(report.psnr.average)).toBeGreaterThan(15);
  });

  it('compares a foreign encoding with what it came from', async () => {
    const reference = join(dir, 'foreign.mp4');
    writeForeignVideo(reference, { frames: 8, options: { crf: '0' } });
    const worse = join(dir, 'worse.mp4');
    writeForeignVideo(worse, { frames: 8, options: { crf: '40' } });
    const good = join(dir, 'good.mp4');
    writeForeignVideo(good, { frames: 8, options: { crf: '12' } });
    const [low, high] = [await measureQuality(reference, worse), await measureQuality(reference, good)];
    expect(Number(high.psnr.average)).toBeGreaterThan(Number(low.psnr.average) + 5);
    expect([low.passed, high.passed]).toEqual([false, true]);
  });
});
