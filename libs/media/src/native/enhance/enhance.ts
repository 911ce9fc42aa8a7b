import { rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { inputError } from '@smartbox/kernel';
import type { BranchResult } from '../export/branch.ts';
import { render } from '../export/render.ts';
import { enhanceFilters, type EnhanceSettings } from './recipes.ts';

export interface EnhanceOptions {
  readonly input: string;
  /** Path of the MP4; it appears when it is complete. */
  readonly output: string;
  readonly settings: EnhanceSettings;
  /** x264 quality. Default 16: what the filters made is kept. */
  readonly crf?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (at: { frames: number; totalFrames: number | null }) => void;
}

export interface EnhanceResult extends Omit<BranchResult, 'hashes'> {
  /** The very filters, for the record (DICOM derivation description). */
  readonly filters: string;
  /** All that the pictures went through before the encoder. */
  readonly chain: string;
  readonly settings: EnhanceSettings;
  readonly notes: readonly string[];
}

/**
 * Makes an enhanced rendition: 8-bit 4:2:0 H.264 in a faststart MP4, frame for frame with the source's times; the
 * source stays as it is. @throws SmartBoxError as `render`; nothing is left behind then.
 */
export async function enhance(options: EnhanceOptions): Promise<EnhanceResult> {
  const { input, output, settings, signal, onProgress } = options;
  if (resolve(input) === resolve(output))
    throw inputError('output-is-input', `${output} is the source; the original is never overwritten`);
  const partial = `${output}.partial-${process.pid}`;
  const filters = enhanceFilters(settings);
  const notes: string[] = [];
  let chain = filters;
  try {
    const { outputs } = await render({
      input,
      branches: (source) => {
        if (source.interlaced) notes.push('the source is interlaced: fields were made into frames first');
        if (!/^(yuvj?420p|nv12)$/.test(source.pixelFormat))
          notes.push(`the source is ${source.pixelFormat}: the rendition is 8-bit 4:2:0`);
        const odd = source.width % 2 || source.height % 2 ? 'pad=ceil(iw/2)*2:ceil(ih/2)*2' : '';
        const { num, den } = source.frameRate;
        chain = [source.upright, filters, odd].filter(Boolean).join(',');
        return [
          {
            output: partial,
            muxer: 'mp4',
            sound: 'copy',
            muxerOptions: { movflags: '+faststart' },
            encoder: 'libx264',
            encoderOptions: {
              preset: 'veryfast',
              profile: 'high',
              crf: String(options.crf ?? 16),
              'x264-params': `scenecut=0:open-gop=0:bframes=0:keyint=${Math.max(1, Math.round(num / den))}`,
            },
            filters: chain,
            pixelFormats: ['yuv420p'],
          },
        ];
      },
      ...(signal ? { signal } : {}),
      ...(onProgress ? { onProgress } : {}),
    });
    const [result] = outputs;
    if (!result) throw inputError('no-frames', `${input} has no frame`);
    const { hashes: _, ...rest } = result;
    await rename(partial, output);
    return { ...rest, output, filters, chain, settings, notes };
  } finally {
    await rm(partial, { force: true });
  }
}
