import { avGetPixFmtName, type Frame } from 'node-av/lib';
import type { AVPixelFormat } from 'node-av/constants';
import { pictureHash } from '../cut/picture-hash.ts';
import { FilterChain } from '../enhance/filter-chain.ts';
import { isBlack, isCut, lookOf, moved } from './look.ts';

/** Decibels; `inf` where the pictures are the same. */
export type Decibels = number | 'inf';

export interface FrameQuality {
  readonly frame: number;
  readonly psnr: Decibels;
  readonly ssim: number;
  readonly xpsnr: Decibels;
}

export interface QualityReport {
  readonly frames: { readonly reference: number; readonly distorted: number; readonly compared: number };
  /** Over all planes, as FFmpeg's psnr filter counts it (mean of the squared errors); lowest of a frame; luma. */
  readonly psnr: { readonly average: Decibels; readonly min: Decibels; readonly y: Decibels };
  readonly ssim: { readonly average: number; readonly min: number };
  /** Extended, perceptually weighted PSNR of the luma; mean over the frames. */
  readonly xpsnr: { readonly average: Decibels; readonly min: Decibels };
  /** Frames without any difference. */
  readonly identicalFrames: number;
  /** Frames that repeat the one before although the reference visibly moves on. */
  readonly repeatedFrames: readonly number[];
  /** Frames that are black although the reference is not. */
  readonly blackFrames: readonly number[];
  readonly worstFrame: number;
  /** Conversions made before comparing, in plain words. */
  readonly notes: readonly string[];
  readonly thresholds: { readonly psnr: number; readonly ssim: number };
  readonly passed: boolean;
  /** Per compared frame. */
  readonly curve: readonly FrameQuality[];
  /** Stretches between changes of the picture, in frames, end exclusive. */
  readonly scenes: readonly { from: number; to: number; psnr: Decibels; ssim: number }[];
}

export interface Thresholds {
  /** Below these the report says `passed: false`. Default 35 dB and 0.95. */
  readonly minPsnr?: number;
  readonly minSsim?: number;
}

/** Each passes the first picture through and writes into its metadata; xpsnr weighs by the first, the reference. */
const METRICS = '[r][d1]psnr[p];[p][d2]ssim[s]';

/**
 * FFmpeg's XPSNR divides by zero below 2025 samples, where its blocks come out empty (vf_xpsnr.c: 4 * (int)(32 *
 * sqrt(w * h / (3840 * 2160)) + 0.5)). Smaller pictures are enlarged by whole numbers, which leaves every error as it is.
 */
function xpsnr({ width, height }: Frame): string {
  const times = Math.ceil(Math.sqrt(2025 / (width * height)));
  const enlarge = times > 1 ? `scale=iw*${times}:ih*${times}:flags=neighbor` : 'null';
  return `[s]${enlarge}[s3];[d3]${enlarge}[e3];[s3][e3]xpsnr`;
}

/** Compares pictures pair by pair. */
export class Comparison {
  private readonly options: Thresholds;
  private chain: FilterChain | null = null;
  private readonly notes: string[] = [];
  private readonly curve: FrameQuality[] = [];
  private readonly repeated: number[] = [];
  private readonly black: number[] = [];
  private readonly errors: number[] = [];
  private readonly changes: number[] = [];
  private squared = 0;
  private squaredY = 0;
  private peak = 255;
  private identical = 0;
  private before: { reference: string; distorted: string; look: Uint8Array } | null = null;

  constructor(options: Thresholds) {
    this.options = options;
  }

  /** @param at number of the frame; the pictures' times are changed. */
  pair(reference: Frame, distorted: Frame, at: number): void {
    this.watch(reference, distorted, at);
    this.chain ??= this.build(reference, distorted);
    reference.pts = BigInt(at);
    distorted.pts = BigInt(at);
    const take = (frame: Frame): void => this.take(at, frame);
    this.chain.push(reference, take, 0);
    this.chain.push(distorted, take, 1);
  }

  /** Freezes, black pictures and changes of scene. */
  private watch(reference: Frame, distorted: Frame, at: number): void {
    const look = lookOf(reference);
    const { before } = this;
    const now = { reference: pictureHash(reference), distorted: pictureHash(distorted), look };
    if (before && now.distorted === before.distorted && now.reference !== before.reference && moved(before.look, look))
      this.repeated.push(at);
    if (isBlack(lookOf(distorted)) && !isBlack(look)) this.black.push(at);
    if (!before || isCut(before.look, look)) this.changes.push(at);
    this.before = now;
  }

  private build(reference: Frame, distorted: Frame): FilterChain {
    const format = nameOf(reference);
    this.peak = 2 ** Number(/p(\d+)[lb]e$/.exec(format)?.[1] ?? 8) - 1;
    const steps: string[] = [];
    if (reference.width !== distorted.width || reference.height !== distorted.height) {
      steps.push(`scale=${reference.width}:${reference.height}:flags=bicubic`);
      this.notes.push(
        `compared at ${reference.width}x${reference.height}; the second video is ${distorted.width}x${distorted.height}`,
      );
    }
    if (nameOf(distorted) !== format) {
      steps.push(`format=${format}`);
      this.notes.push(`compared as ${format}; the second video is ${nameOf(distorted)}`);
    }
    steps.push('setsar=1');
    const graph = `[in0]setsar=1[r];[in1]${steps.join(',')},split=3[d1][d2][d3];${METRICS};${xpsnr(reference)}`;
    return new FilterChain(graph, [reference, distorted], { num: 1, den: 1000 });
  }

  private take(at: number, frame: Frame): void {
    const metadata = frame.getMetadata();
    const value = (key: string): number => {
      const text = metadata.get(`lavfi.${key}`);
      return text === null || text === 'inf' ? Infinity : Number(text);
    };
    const squared = value('psnr.mse_avg');
    this.squared += squared;
    this.squaredY += Math.min(value('psnr.mse.y'), value('psnr.mse.g'));
    this.errors.push(squared);
    if (squared === 0) this.identical++;
    this.curve.push({
      frame: at,
      psnr: decibels(value('psnr.psnr_avg')),
      ssim: value('ssim.All'),
      xpsnr: decibels(Math.min(value('xpsnr.xpsnr.y'), value('xpsnr.xpsnr.g'))),
    });
  }

  report(reference: number, distorted: number): QualityReport {
    const { curve, options } = this;
    if (this.chain) for (const input of [0, 1]) this.chain.push(null, () => undefined, input);
    const compared = curve.length;
    const fromError = (sum: number, frames = compared): Decibels =>
      decibels(sum === 0 ? Infinity : 10 * Math.log10((this.peak * this.peak * frames) / sum));
    const lowest = (values: readonly number[]): number => values.reduce((low, value) => Math.min(low, value), Infinity);
    const psnr = curve.map((one) => plain(one.psnr));
    const xpsnr = curve.map((one) => plain(one.xpsnr));
    const ssim = curve.map((one) => one.ssim);
    const average = fromError(this.squared);
    const meanSsim = rounded(ssim.reduce((sum, one) => sum + one, 0) / compared);
    const finite = xpsnr.filter(Number.isFinite);
    const thresholds = { psnr: options.minPsnr ?? 35, ssim: options.minSsim ?? 0.95 };
    const notes = [...this.notes];
    const passed =
      plain(average) >= thresholds.psnr &&
      meanSsim >= thresholds.ssim &&
      reference === distorted &&
      this.repeated.length + this.black.length === 0;
    if (plain(average) < thresholds.psnr) notes.unshift(`PSNR is ${average} dB, below ${thresholds.psnr} dB`);
    if (meanSsim < thresholds.ssim) notes.unshift(`SSIM is ${meanSsim}, below ${thresholds.ssim}`);
    if (reference !== distorted) notes.unshift(`the videos have ${reference} and ${distorted} frames`);
    if (this.repeated.length > 0) notes.unshift(`${this.repeated.length} frames stand still where the source moves`);
    if (this.black.length > 0) notes.unshift(`${this.black.length} frames are black where the source is not`);
    return {
      frames: { reference, distorted, compared },
      psnr: { average, min: decibels(lowest(psnr)), y: fromError(this.squaredY) },
      ssim: { average: meanSsim, min: lowest(ssim) },
      xpsnr: {
        average: decibels(finite.length > 0 ? finite.reduce((sum, one) => sum + one, 0) / finite.length : Infinity),
        min: decibels(lowest(xpsnr)),
      },
      identicalFrames: this.identical,
      repeatedFrames: this.repeated,
      blackFrames: this.black,
      worstFrame: curve[psnr.indexOf(lowest(psnr))]?.frame ?? 0,
      notes,
      thresholds,
      passed,
      curve,
      scenes: this.scenes(fromError),
    };
  }

  private scenes(decibelsOf: (error: number, frames: number) => Decibels): QualityReport['scenes'] {
    const end = (this.curve.at(-1)?.frame ?? -1) + 1;
    return this.changes.map((from, i) => {
      const to = this.changes[i + 1] ?? end;
      const inside = this.curve.flatMap(({ frame }, at) => (frame >= from && frame < to ? [at] : []));
      const sum = (value: (at: number) => number): number => inside.reduce((all, at) => all + value(at), 0);
      const ssim = rounded(sum((at) => this.curve[at]?.ssim ?? 0) / Math.max(1, inside.length));
      return {
        from,
        to,
        psnr: decibelsOf(
          sum((at) => this.errors[at] ?? 0),
          inside.length,
        ),
        ssim,
      };
    });
  }

  close(): void {
    this.chain?.close();
  }
}

const nameOf = (frame: Frame): string => avGetPixFmtName(frame.format as AVPixelFormat) ?? 'yuv420p';
const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;
const decibels = (value: number): Decibels => (Number.isFinite(value) ? Math.round(value * 1e4) / 1e4 : 'inf');
const plain = (value: Decibels): number => (value === 'inf' ? Infinity : value);
