import type { CaptureDevice } from '@smartbox/contracts';

/** What a source can be set to. */
export interface Choice {
  width: number;
  height: number;
  /** Frames per second, whole as a station's file has it: 60 also means 59.94. */
  frameRate: number;
  /** The sender decides (HDMI, SDI): the picture is taken as it comes, whatever size that is. */
  asItComes?: true;
}

export interface RateOffer {
  /** Exact; undefined where the device does not say. */
  fps: number | undefined;
  /** V4L2's names of the pixel formats that it comes in. */
  formats: string[];
  /** Absent: no source can be set to it (an odd size, 7.5 frames per second). */
  choice?: Choice;
}

export interface SizeOffer {
  width: number;
  height: number;
  grade: '4k' | 'full-hd' | 'hd' | undefined;
  /** Fastest first. */
  rates: RateOffer[];
}

type Mode = CaptureDevice['modes'][number];
type Rate = Mode['frameRates'][number];

/** What is offered of a device that scales, and of one that takes any rate between two. */
const USUAL_SIZES = [
  { width: 3840, height: 2160 },
  { width: 1920, height: 1080 },
  { width: 1280, height: 720 },
];
const USUAL_RATES = [60, 50, 30, 25];
/** What is meant by a device that does not say; also what a source has unless its file says otherwise. */
const UNKNOWN_RATE = 30;
/** 59.94 is meant by 60. */
const TOLERANCE = 0.01;

export const fpsOf = ({ num, den }: Rate): number => num / den;

/** Every size of a device with its rates, the largest first. */
export function offersOf(modes: readonly Mode[]): SizeOffer[] {
  const sizes = new Map<string, SizeOffer>();
  for (const mode of modes) {
    for (const { width, height } of sizesOf(mode)) {
      const key = `${width}x${height}`;
      const offer = sizes.get(key) ?? { width, height, grade: gradeOf(width, height), rates: [] };
      sizes.set(key, offer);
      for (const fps of ratesOf(mode)) addRate(offer, fps, mode.pixelFormat);
    }
  }
  const offers = [...sizes.values()].sort((a, b) => b.width * b.height - a.width * a.height);
  for (const { rates } of offers) rates.sort((a, b) => (b.fps ?? 0) - (a.fps ?? 0));
  return offers;
}

/** What an input is being sent, where the sender decides it. */
export function arriving(input: CaptureDevice['input']): Choice | undefined {
  const { timings, noSignal } = input;
  if (!timings || noSignal !== undefined) return undefined;
  const { width, height, frameRate } = timings;
  return { width, height, frameRate: Math.min(120, Math.max(1, Math.round(fpsOf(frameRate)))), asItComes: true };
}

/** How a device is looked at as long as nothing is chosen: as it comes, else its largest picture up to full HD. */
export function usualChoice({ input, modes }: Pick<CaptureDevice, 'input' | 'modes'>): Choice | undefined {
  const choices = offersOf(modes).flatMap(({ rates }) => rates.flatMap(({ choice }) => choice ?? []));
  return arriving(input) ?? choices.find(({ width, height }) => width <= 1920 && height <= 1080) ?? choices[0];
}

export const sameChoice = (a: Choice | undefined, b: Choice | undefined): boolean =>
  a?.width === b?.width && a?.height === b?.height && a?.frameRate === b?.frameRate && a?.asItComes === b?.asItComes;

function addRate({ width, height, rates }: SizeOffer, fps: number | undefined, format: string): void {
  const known = rates.find((rate) => rate.fps?.toFixed(2) === fps?.toFixed(2));
  if (known) {
    if (!known.formats.includes(format)) known.formats.push(format);
    return;
  }
  const frameRate = settingOf(fps);
  const isSettable = frameRate !== undefined && fits(width, 7680) && fits(height, 4320);
  rates.push({ fps, formats: [format], ...(isSettable ? { choice: { width, height, frameRate } } : {}) });
}

/** H.264 in 4:2:0 takes even sizes; the bounds are those of `SourceConfig`. */
const fits = (pixels: number, most: number): boolean => pixels % 2 === 0 && pixels >= 64 && pixels <= most;

function settingOf(fps: number | undefined): number | undefined {
  if (fps === undefined) return UNKNOWN_RATE;
  const whole = Math.round(fps);
  return whole >= 1 && whole <= 120 && Math.abs(whole - fps) <= fps * TOLERANCE ? whole : undefined;
}

function sizesOf({ width, height, largest }: Mode): { width: number; height: number }[] {
  if (!largest) return [{ width, height }];
  const within = USUAL_SIZES.filter(
    (size) =>
      size.width >= width && size.width <= largest.width && size.height >= height && size.height <= largest.height,
  );
  const isUsual = within.some((size) => size.width === largest.width && size.height === largest.height);
  return isUsual ? within : [largest, ...within];
}

function ratesOf({ frameRates, anyRate }: Mode): (number | undefined)[] {
  const rates = frameRates.map(fpsOf);
  const [fastest, slowest] = [rates[0], rates.at(-1)];
  if (fastest === undefined || slowest === undefined) return [undefined];
  if (!anyRate) return rates;
  const within = USUAL_RATES.filter((rate) => rate >= slowest && rate <= fastest);
  return within.length > 0 ? within : [fastest];
}

function gradeOf(width: number, height: number): SizeOffer['grade'] {
  if (width >= 3840 && height >= 2160) return '4k';
  if (width === 1920 && height === 1080) return 'full-hd';
  return width === 1280 && height === 720 ? 'hd' : undefined;
}
