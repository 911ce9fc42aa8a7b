import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { indexSource, measureQuality, smartCut } from '../src/native.ts';
import { writeForeignVideo } from './foreign-video.ts';

const run = promisify(execFile);
let dir: string;
beforeAll(async () => void (dir = await mkdtemp(join(tmpdir(), 'quality-peer-'))));
afterAll(() => rm(dir, { recursive: true }));

/** Per frame what the ffmpeg program itself says: `psnr_avg` and SSIM over all planes. */
async function peer(
  reference: string,
  distorted: string,
): Promise<{ psnr: number[]; ssim: number[]; average: number }> {
  const stats = (name: string) => join(dir, `${name}.log`);
  const filters = `[0:v]split[a][b];[1:v]split[c][d];[a][c]psnr=stats_file=${stats('psnr')}[p];[b][d]ssim=stats_file=${stats('ssim')}[s]`;
  const args = ['-hide_banner', '-i', distorted, '-i', reference, '-lavfi', filters];
  const { stderr } = await run('ffmpeg', [...args, '-map', '[p]', '-map', '[s]', '-f', 'null', '-']);
  const values = async (name: string, pattern: RegExp): Promise<number[]> =>
    [...(await readFile(stats(name), 'utf8')).matchAll(pattern)].map(([, value]) => Number(value === 'inf' ? Infinity : value)); // prettier-ignore
  return {
    psnr: await values('psnr', /psnr_avg:(\S+)/g),
    ssim: await values('ssim', /All:(\S+)/g),
    average: Number(/PSNR .*average:(\S+)/.exec(stderr)?.[1]),
  };
}

describe('measured quality', () => {
  it.each([12, 28, 45])('is what the ffmpeg program measures, at crf %i', async (crf) => {
    const reference = join(dir, 'reference.mp4');
    writeForeignVideo(reference, { frames: 25, options: { qp: '0' } });
    const distorted = join(dir, `distorted-${crf}.mp4`);
    writeForeignVideo(distorted, { frames: 25, options: { crf: String(crf) } });
    const [ours, theirs] = [await measureQuality(reference, distorted), await peer(reference, distorted)];
    expect(ours.curve).toHaveLength(25);
    ours.curve.forEach(({ psnr, ssim }, i) => {
      expect(Number(psnr)).toBeCloseTo(theirs.psnr[i] ?? -1, 1); // it prints two digits
      expect(ssim).toBeCloseTo(theirs.ssim[i] ?? -1, 4);
    });
    expect(Number(ours.psnr.average)).toBeCloseTo(theirs.average, 3);
  });

  it('also of the frames that a cut encodes anew', async () => {
    const source = join(dir, 'source.mp4');
    writeForeignVideo(source, { frames: 40, options: { g: '20', bf: '0' } });
    const output = join(dir, 'cut.mp4');
    const thresholds = { minPsnr: 35, minSsim: 0.95 };
    const parts = [{ source: 0, from: 7, to: 40 }];
    const { quality } = await smartCut({ sources: [await indexSource(source)], parts, output, quality: thresholds });
    const trimmed = join(dir, 'trimmed.mkv');
    await run('ffmpeg', ['-loglevel', 'error', '-i', source, '-vf', 'trim=start_frame=7,setpts=PTS-STARTPTS', '-c:v', 'ffv1', trimmed]); // prettier-ignore
    const theirs = await peer(trimmed, output);
    expect(quality?.curve.map(({ frame }) => frame)).toEqual(Array.from({ length: 13 }, (_, i) => i));
    quality?.curve.forEach(({ psnr, frame }) => expect(Number(psnr)).toBeCloseTo(theirs.psnr[frame] ?? -1, 1));
    expect(theirs.psnr.slice(13).every((psnr) => psnr === Infinity)).toBe(true); // copied
  });
});
