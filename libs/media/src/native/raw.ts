import { rm, stat } from 'node:fs/promises';
import { inputError } from '@smartbox/kernel';
import { render } from './export/render.ts';

/** FFmpeg's name of each raw layout, and its bits per pixel. */
const RAW_FORMATS = {
  yuy2: { name: 'yuyv422', bits: 16 },
  uyvy: { name: 'uyvy422', bits: 16 },
  i420: { name: 'yuv420p', bits: 12 },
  nv12: { name: 'nv12', bits: 12 },
} as const;
export type RawFormat = keyof typeof RAW_FORMATS;

export interface RawVideo {
  readonly format: RawFormat;
  readonly width: number;
  readonly height: number;
  /** Frames per second: a file of samples says nothing of it. */
  readonly frameRate: number;
}

/** Keeps a file of bare pictures in a container, every sample as it was (FFV1). @throws SmartBoxError `raw-size`. */
export async function containRaw(input: string, output: string, raw: RawVideo, signal?: AbortSignal): Promise<void> {
  const { name, bits } = RAW_FORMATS[raw.format];
  const { size } = await stat(input);
  const frame = (raw.width * raw.height * bits) / 8;
  if (size === 0 || size % frame !== 0)
    throw inputError(
      'raw-size',
      `${input} has ${size} bytes, no whole number of ${raw.format} pictures of ${raw.width}x${raw.height} (${frame} bytes each)`,
    );
  const options = {
    pixel_format: name,
    video_size: `${raw.width}x${raw.height}`,
    framerate: String(raw.frameRate),
  };
  try {
    await render({
      input,
      open: { format: 'rawvideo', options },
      branches: ({ pixelFormat }) => [
        {
          output,
          muxer: 'matroska',
          encoder: 'ffv1',
          encoderOptions: { level: '3', g: '1', slicecrc: '1' },
          pixelFormats: [pixelFormat.includes('422') ? 'yuv422p' : 'yuv420p'],
        },
      ],
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    await rm(output, { force: true });
    throw error;
  }
}
