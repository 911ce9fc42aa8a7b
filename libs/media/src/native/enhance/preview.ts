import { inputError } from '@smartbox/kernel';
import type { Frame } from 'node-av/lib';
import { shown } from '../av.ts';
import { framesAt } from '../exact-frame.ts';
import { encodeJpeg } from '../pictures.ts';
import { allocatePicture, Scaler } from '../scaler.ts';
import { FilterChain } from './filter-chain.ts';

export interface PreviewOptions {
  /** Path or http(s) URL, read by ranges. */
  readonly input: string;
  /** Counted from 0 in presentation order. */
  readonly frame: number;
  /** FFmpeg's filters; '' shows the frame as it is. They may depend on the size of the picture. */
  readonly filters: (size: { width: number; height: number }) => string;
  /** At most so many pixels wide. */
  readonly width: number;
}

/** Frames before the wanted one that pass the filters too: a denoiser over time has settled by then. */
const LEAD = 12;

/** One frame through the very filters of a rendition, as JPEG. @throws SmartBoxError `no-frames`, `bad-filter`, `media-error`. */
export async function previewFrame(
  options: PreviewOptions,
): Promise<{ jpeg: Buffer; width: number; height: number; filters: string }> {
  const frames = await framesAt(options.input, options.frame, LEAD);
  const last = frames.at(-1);
  if (!last) throw inputError('no-frames', `${shown(options.input)} has no frame ${options.frame}`);
  const filters = options.filters(last);
  const scaler = new Scaler();
  let chain: FilterChain | null = null;
  let result = last;
  try {
    if (filters !== '') {
      chain = new FilterChain(filters, [last], { num: 1, den: 1000 });
      const keep = (frame: Frame): void => {
        if (result !== last) result.free();
        result = frame.clone() ?? last;
      };
      frames.forEach((frame, i) => {
        frame.pts = BigInt(i);
        chain?.push(frame, keep);
      });
      chain.push(null, keep);
    }
    const width = Math.min(result.width, options.width);
    const size = {
      width: 2 * Math.round(width / 2),
      height: 2 * Math.max(1, Math.round((result.height * width) / result.width / 2)),
    };
    const target = allocatePicture('jpeg-420', size.width, size.height);
    try {
      scaler.scale(target, result);
      return { jpeg: encodeJpeg(target, 2), ...size, filters };
    } finally {
      target.free();
    }
  } finally {
    if (result !== last) result.free();
    for (const frame of frames) frame.free();
    chain?.close();
    scaler.close();
  }
}
