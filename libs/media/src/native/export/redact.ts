import { rm } from 'node:fs/promises';
import { inputError } from '@smartbox/kernel';
import { render } from './render.ts';

/** Hides a region, a range of frames, or a region during a range of frames. */
export interface Hidden {
  readonly how: 'black' | 'blur';
  /** Shares of the picture from the top left; absent: all of it. */
  readonly region?:
    { readonly x: number; readonly y: number; readonly width: number; readonly height: number } | undefined;
  /** Counted from 0, end exclusive; absent: every frame. */
  readonly frames?: { readonly from: number; readonly to: number } | undefined;
}

/** The FFmpeg filters that hide. Regions grow to even pixels, never shrink; '' where there is nothing to hide. */
export function redactFilters(hidden: readonly Hidden[], size: { width: number; height: number }): string {
  return hidden
    .map(({ how, region = { x: 0, y: 0, width: 1, height: 1 }, frames }, i) => {
      const x = 2 * Math.floor((region.x * size.width) / 2);
      const y = 2 * Math.floor((region.y * size.height) / 2);
      const w = Math.min(size.width - x, 2 * Math.ceil(((region.x + region.width) * size.width - x) / 2));
      const h = Math.min(size.height - y, 2 * Math.ceil(((region.y + region.height) * size.height - y) / 2));
      if (w < 2 || h < 2) throw inputError('bad-region', `a region of ${w}x${h} pixels cannot be hidden`);
      const enable = frames ? `:enable='between(n,${frames.from},${frames.to - 1})'` : '';
      if (how === 'black') return `drawbox=x=${x}:y=${y}:w=${w}:h=${h}:color=black:t=fill${enable}`;
      // coarse squares, then blurred: what was there cannot be calculated back
      const squares = Math.max(8, Math.round(Math.min(w, h) / 6));
      const small = `scale=${Math.max(2, Math.round(w / squares))}:${Math.max(2, Math.round(h / squares))}:flags=area`;
      const blurred = `crop=${w}:${h}:${x}:${y},${small},scale=${w}:${h}:flags=bicubic`;
      return `split[k${i}][b${i}];[b${i}]${blurred}[c${i}];[k${i}][c${i}]overlay=${x}:${y}:format=auto${enable}`;
    })
    .join(',');
}

export interface RedactOptions {
  readonly input: string;
  /** Path of the MP4: lossless H.264, frame for frame at the source's times. It appears when it is complete. */
  readonly output: string;
  readonly hidden: readonly Hidden[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (at: { frames: number; totalFrames: number | null }) => void;
}

/** Makes a copy in which something is hidden and nothing else is lost. @throws SmartBoxError `bad-region`, and as `render`. */
export async function redact(options: RedactOptions): Promise<{ filters: string }> {
  let filters = '';
  try {
    await render({
      input: options.input,
      branches: (source) => {
        filters = redactFilters(options.hidden, source);
        const odd = source.width % 2 || source.height % 2 ? 'pad=ceil(iw/2)*2:ceil(ih/2)*2' : '';
        return [
          {
            output: options.output,
            muxer: 'mp4',
            sound: 'copy',
            encoder: 'libx264',
            encoderOptions: { preset: 'ultrafast', qp: '0' },
            filters: [source.upright, odd, filters].filter(Boolean).join(','),
            pixelFormats: ['yuv420p', 'yuv422p', 'yuv444p', 'yuv420p10le', 'yuv422p10le', 'yuv444p10le'],
          },
        ];
      },
      ...(options.signal ? { signal: options.signal } : {}),
      ...(options.onProgress ? { onProgress: options.onProgress } : {}),
    });
    return { filters };
  } catch (error) {
    await rm(options.output, { force: true });
    throw error;
  }
}
