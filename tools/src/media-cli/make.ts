import {
  enhance,
  enhanceSettings,
  exportProfile,
  exportVideo,
  measureQuality,
  type ExportedFile,
} from '@smartbox/media/native';
import { inputError } from '@smartbox/kernel';
import { checkFile, makeFolder } from './outputs.ts';
import { frameProgress, number, text, type Answer, type Options, type Work } from '../file-verb.ts';

export async function quality(reference: string, distorted: string, options: Options, work: Work): Promise<Answer> {
  const report = await measureQuality(reference, distorted, {
    every: number(options['every']) ?? 1,
    minPsnr: number(options['minPsnr']) ?? 35,
    minSsim: number(options['minSsim']) ?? 0.95,
    signal: work.signal,
    onProgress: frameProgress(work, 'comparing'),
  });
  const { psnr, ssim, xpsnr, frames } = report;
  return {
    json: { reference, distorted, ...report },
    lines: [
      ...report.notes,
      `PSNR ${psnr.average} dB (lowest ${psnr.min} at frame ${report.worstFrame}), SSIM ${ssim.average} (lowest ${ssim.min}), XPSNR ${xpsnr.average} dB`,
      `${frames.compared} frames compared, ${report.identicalFrames} identical, ${report.repeatedFrames.length} repeated`,
      report.passed ? 'good' : `BELOW the threshold of ${report.thresholds.psnr} dB and ${report.thresholds.ssim}`,
    ],
  };
}

const ADJUSTABLE = ['brightness', 'contrast', 'gamma', 'saturation', 'sharpness', 'denoise'] as const;

export async function enhanceFile(file: string, options: Options, work: Work): Promise<Answer> {
  const adjusted: Record<string, number | string> = {};
  for (const name of ADJUSTABLE) {
    const value = number(options[name]);
    if (value !== undefined) adjusted[name] = value;
  }
  const denoiser = text(options['denoiser']);
  if (denoiser) adjusted['denoiser'] = denoiser;
  const output = text(options['out']) ?? '';
  await checkFile(output, `--out ${output}`, [file]);
  const settings = enhanceSettings(text(options['recipe']) ?? 'default', adjusted);
  const result = await enhance({
    input: file,
    output,
    settings,
    signal: work.signal,
    onProgress: frameProgress(work, 'enhancing'),
  });
  return {
    json: { source: file, recipe: options['recipe'], ...result },
    lines: [...result.notes, `${result.output}: ${result.frames} frames, ${result.filters || 'no filter'}`],
  };
}

export async function exportFile(file: string, options: Options, work: Work): Promise<Answer> {
  const names = Array.isArray(options['profile']) ? (options['profile'] as string[]) : [];
  if (names.length === 0) throw inputError('profile-unknown', 'name at least one --profile, e.g. --profile mobile');
  const directory = text(options['out']) ?? '';
  const profiles = [...new Set(names.map(exportProfile))];
  await makeFolder(directory, `--out ${directory}`);
  const files = await exportVideo({
    input: file,
    profiles,
    directory,
    quality: options['quality'] !== false,
    signal: work.signal,
    onProgress: frameProgress(work, 'exporting'),
  });
  return {
    json: { source: file, files },
    lines: files.flatMap((one) => [
      `${one.path}: ${one.frames} frames ${one.width}x${one.height}, ${(one.bytes / 1e6).toFixed(2)} MB${one.lossless ? ', lossless: every frame verified' : ''}`,
      ...(one.quality
        ? [
            `  PSNR ${one.quality.psnr.average} dB, SSIM ${one.quality.ssim.average}${one.quality.passed ? '' : ' BELOW the threshold'}`,
          ]
        : []),
      ...(one.closeness ? [`  ${closenessWords(one.closeness)}`] : []),
      ...one.notes.map((note) => `  ${note}`),
    ]),
  };
}

function closenessWords({ psnr, ssim, comparedFrames }: NonNullable<ExportedFile['closeness']>): string {
  return `${psnr === undefined ? 'nothing lost' : `PSNR ${psnr} dB`}, SSIM ${ssim} to what the encoder was given (${comparedFrames} frames compared)`;
}
