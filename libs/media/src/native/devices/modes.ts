import { inputError } from '@smartbox/kernel';
import type { FrameRate } from '../../frame-rate.ts';

/** One way in which a device delivers pictures. */
export interface DeviceMode {
  /** V4L2's four characters: `YUYV`, `MJPG`, `H264`. */
  readonly pixelFormat: string;
  readonly width: number;
  readonly height: number;
  /** The device scales: every size from the one above up to this one. */
  readonly largest?: { readonly width: number; readonly height: number };
  /** Fastest first. Empty: the device does not say. */
  readonly frameRates: readonly FrameRate[];
  /** Every rate between the first and the last one. */
  readonly anyRate?: boolean;
}

export interface WantedMode {
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly frameRate: number;
}

export interface ChosenMode {
  readonly pixelFormat: string;
  readonly width: number;
  readonly height: number;
}

/**
 * FFmpeg's names of what is taken, the best first: 4:2:2 before 4:2:0, raw before compressed (it costs nothing to
 * decode and has no artefacts), and H.264 last (a webcam's own encoder is the weakest of all).
 */
const INPUT_FORMATS: Readonly<Record<string, string>> = {
  YUYV: 'yuyv422',
  UYVY: 'uyvy422',
  NV12: 'nv12',
  YU12: 'yuv420p',
  RGB3: 'rgb24',
  BGR3: 'bgr24',
  GREY: 'gray',
  MJPG: 'mjpeg',
  JPEG: 'mjpeg',
  H264: 'h264',
};
const PREFERENCE = Object.keys(INPUT_FORMATS);
/** Without a wanted size nothing larger is taken: more has to be asked for. */
const LARGEST = { width: 1920, height: 1080 };
/** 29.97 is what a device means that is asked for 30. */
const RATE_TOLERANCE = 0.01;

/** FFmpeg's name of a pixel format; undefined for one that is not taken. */
export const inputFormat = (pixelFormat: string): string | undefined => INPUT_FORMATS[pixelFormat];

/** The best of several pixel formats. */
export const bestFormat = (formats: readonly string[]): string | undefined =>
  PREFERENCE.find((format) => formats.includes(format));

const fps = ({ num, den }: FrameRate): number => num / den;

/** Does the device deliver `wanted` frames per second in this mode? True where it does not say. */
function hasRate({ frameRates, anyRate }: DeviceMode, wanted: number): boolean {
  const rates = frameRates.map(fps);
  const [fastest, slowest] = [rates[0], rates.at(-1)];
  if (fastest === undefined || slowest === undefined) return true;
  const slack = wanted * RATE_TOLERANCE;
  if (anyRate) return wanted >= slowest - slack && wanted <= fastest + slack;
  return rates.some((rate) => Math.abs(rate - wanted) <= slack);
}

function hasSize({ width, height, largest }: DeviceMode, wanted: { width: number; height: number }): boolean {
  if (!largest) return wanted.width === width && wanted.height === height;
  return (
    wanted.width >= width && wanted.width <= largest.width && wanted.height >= height && wanted.height <= largest.height
  );
}

const hasSmallSize = ({ width, height }: DeviceMode): boolean => width <= LARGEST.width && height <= LARGEST.height;

/** The size to take of a mode when none is wanted. */
function ownSize({ width, height, largest }: DeviceMode): { width: number; height: number } {
  if (!largest) return { width, height };
  return { width: Math.min(largest.width, LARGEST.width), height: Math.min(largest.height, LARGEST.height) };
}

const area = ({ width, height }: { width: number; height: number }): number => width * height;

/**
 * How to open a device: the wanted size, or the largest one up to 1920x1080, at the wanted rate, in the best format.
 * @param device how a person knows it: `/dev/video0 (USB Video)`.
 * @throws SmartBoxError `mode-not-offered` quoting what was wanted and what is offered.
 */
export function chooseMode(device: string, modes: readonly DeviceMode[], wanted: WantedMode): ChosenMode {
  const { width, height, frameRate } = wanted;
  const size = width !== undefined && height !== undefined ? { width, height } : undefined;
  const [best] = modes
    .filter((mode) => hasRate(mode, frameRate) && (size ? hasSize(mode, size) : hasSmallSize(mode)))
    .map((mode) => ({ pixelFormat: mode.pixelFormat, ...(size ?? ownSize(mode)) }))
    .sort((a, b) => area(b) - area(a) || PREFERENCE.indexOf(a.pixelFormat) - PREFERENCE.indexOf(b.pixelFormat));
  if (best) return best;
  throw inputError(
    'mode-not-offered',
    `${device} does not offer ${size ? `${size.width}x${size.height}` : `any size up to ${LARGEST.width}x${LARGEST.height}`}` +
      ` at ${frameRate}/s; it offers ${describeModes(modes).join('; ') || 'no pixel format that is taken'}`,
  );
}

const rateText = (rate: FrameRate): string => String(Math.round(fps(rate) * 100) / 100);

/** For people, a line for each size: `1920x1080 at 30, 25 (MJPG), 5 (YUYV)`. */
export function describeModes(modes: readonly DeviceMode[]): string[] {
  const sizes = new Map<string, Map<string, string[]>>();
  for (const { pixelFormat, width, height, largest, frameRates, anyRate } of modes) {
    const size = `${width}x${height}${largest ? ` to ${largest.width}x${largest.height}` : ''}`;
    const rates = frameRates.map(rateText).join(anyRate ? ' to ' : ', ') || 'an unknown rate';
    const known = sizes.get(size) ?? new Map<string, string[]>();
    sizes.set(size, known.set(rates, [...(known.get(rates) ?? []), pixelFormat]));
  }
  return [...sizes].map(
    ([size, rates]) =>
      `${size} at ${[...rates].map(([rate, formats]) => `${rate} (${formats.join(', ')})`).join(', ')}`,
  );
}
