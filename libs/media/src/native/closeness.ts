import { inputError } from '@smartbox/kernel';
import type { Closeness } from '../coding.ts';
import { shown } from './av.ts';
import { Grid, type GridOptions } from './grid.ts';
import { Comparison, type QualityReport } from './quality/comparison.ts';
import { FrameStream } from './quality/frame-stream.ts';

export function closenessOf({ psnr, ssim, frames, identicalFrames }: QualityReport): Closeness {
  return {
    ...(psnr.average === 'inf' ? {} : { psnr: psnr.average }),
    ssim: Math.min(1, Math.max(0, ssim.average)),
    comparedFrames: frames.compared,
    identical: identicalFrames === frames.compared,
  };
}

/**
 * Compares every n-th frame of an encoded file with the picture that the encoder was given: what the coding cost, without
 * what scaling, deinterlacing or another rate did on purpose.
 */
export async function compareGrid(
  input: string,
  options: GridOptions,
  coded: string,
  every: number,
  signal: AbortSignal | undefined,
): Promise<Closeness> {
  const grid = await Grid.open(input, options);
  const decoded = await FrameStream.open(coded, signal).catch(async (error: unknown) => {
    await grid.close();
    throw error;
  });
  const comparison = new Comparison({});
  try {
    const frames = await grid.run((picture) => {
      const at = Number(picture.pts);
      const frame = decoded.next();
      if (!frame) throw inputError('frames-missing', `${shown(coded)} ends before frame ${at}`);
      try {
        if (at % every === 0) comparison.pair(picture, frame, at);
      } finally {
        frame.free();
      }
    }, signal);
    return closenessOf(comparison.report(frames, decoded.frames));
  } finally {
    comparison.close();
    await grid.close();
    await decoded.close();
  }
}
