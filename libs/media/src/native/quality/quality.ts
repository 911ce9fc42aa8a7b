import { inputError } from '@smartbox/kernel';
import { avGetPixFmtName, type Frame } from 'node-av/lib';
import type { AVPixelFormat } from 'node-av/constants';
import { shown } from '../av.ts';
import { pictureHash } from '../cut/proof.ts';
import { breathe } from '../cut/source-index.ts';
import { FilterChain } from '../enhance/filter-chain.ts';
import { FrameStream } from './frame-stream.ts';

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
  /** Frames that repeat the one before although the reference moves on. */
  readonly repeatedFrames: readonly number[];
  readonly worstFrame: number;
  /** Conversions made before comparing, in plain words. */
  readonly notes: readonly string[];
  readonly thresholds: { readonly psnr: number; readonly ssim: number };
  readonly passed: boolean;
  /** Per compared frame. */
  readonly curve: readonly FrameQuality[];
}

export interface QualityOptions {
  /** Compares every n-th frame only. Default 1. */
  readonly every?: number;
  /** Below these the report says `passed: false`. Default 35 dB and 0.95. */
  readonly minPsnr?: number;
  readonly minSsim?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (at: { frames: number; totalFrames: number | null }) => void;
}

/**
 * Compares two videos frame by frame, the n-th with the n-th, at the reference's size and pixel format.
 * @throws SmartBoxError `media-error`, `no-video`, `no-frames`, `cancelled`.
 */
export async function measureQuality(
  reference: string,
  distorted: string,
  options: QualityOptions = {},
): Promise<QualityReport> {
  const first = await FrameStream.open(reference, options.signal);
  const second = await FrameStream.open(distorted, options.signal).catch(async (error: unknown) => {
    await first.close();
    throw error;
  });
  const comparison = new Comparison(options);
  try {
    for (;;) {
      const a = first.next();
      const b = second.next();
      if (a && b) comparison.pair(a, b);
      a?.free();
      b?.free();
      if (!a && !b) break;
      const frames = Math.max(first.frames, second.frames);
      if (frames % 8 === 0) {
        await breathe(options.signal);
        options.onProgress?.({ frames, totalFrames: Number(first.stream.nbFrames) || null });
      }
    }
    if (first.frames === 0) throw inputError('no-frames', `${shown(reference)} has no frame that can be decoded`);
    if (second.frames === 0) throw inputError('no-frames', `${shown(distorted)} has no frame that can be decoded`);
    return comparison.report(first.frames, second.frames);
  } finally {
    comparison.close();
    await first.close();
    await second.close();
  }
}

/** Each passes the first picture through and writes into its metadata; xpsnr weighs by the first, the reference. */
const METRICS = '[r][d1]psnr[p];[p][d2]ssim[s];[s][d3]xpsnr';

class Comparison {
  private readonly options: QualityOptions;
  private chain: FilterChain | null = null;
  private readonly notes: string[] = [];
  private readonly curve: FrameQuality[] = [];
  private readonly repeated: number[] = [];
  private squared = 0;
  private squaredY = 0;
  private peak = 255;
  private identical = 0;
  private count = 0;
  private before = { reference: '', distorted: '' };

  constructor(options: QualityOptions) {
    this.options = options;
  }

  pair(reference: Frame, distorted: Frame): void {
    const at = this.count++;
    if (at % (this.options.every ?? 1) !== 0) return;
    const hashes = { reference: pictureHash(reference), distorted: pictureHash(distorted) };
    if (hashes.distorted === this.before.distorted && hashes.reference !== this.before.reference)
      this.repeated.push(at);
    this.before = hashes;
    this.chain ??= this.build(reference, distorted);
    reference.pts = BigInt(at);
    distorted.pts = BigInt(at);
    const take = (frame: Frame): void => this.take(at, frame);
    this.chain.push(reference, take, 0);
    this.chain.push(distorted, take, 1);
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
    const graph = `[in0]setsar=1[r];[in1]${steps.join(',')},split=3[d1][d2][d3];${METRICS}`;
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
    const fromError = (sum: number): Decibels =>
      decibels(sum === 0 ? Infinity : 10 * Math.log10((this.peak * this.peak * compared) / sum));
    const lowest = (values: readonly number[]): number => values.reduce((low, value) => Math.min(low, value), Infinity);
    const psnr = curve.map((one) => plain(one.psnr));
    const xpsnr = curve.map((one) => plain(one.xpsnr));
    const ssim = curve.map((one) => one.ssim);
    const average = fromError(this.squared);
    const meanSsim = rounded(ssim.reduce((sum, one) => sum + one, 0) / compared);
    const finite = xpsnr.filter(Number.isFinite);
    const thresholds = { psnr: options.minPsnr ?? 35, ssim: options.minSsim ?? 0.95 };
    const notes = [...this.notes];
    if (reference !== distorted) notes.push(`the videos have ${reference} and ${distorted} frames`);
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
      worstFrame: curve[psnr.indexOf(lowest(psnr))]?.frame ?? 0,
      notes,
      thresholds,
      passed: plain(average) >= thresholds.psnr && meanSsim >= thresholds.ssim && reference === distorted,
      curve,
    };
  }

  close(): void {
    this.chain?.close();
  }
}

const nameOf = (frame: Frame): string => avGetPixFmtName(frame.format as AVPixelFormat) ?? 'yuv420p';
const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;
const decibels = (value: number): Decibels => (Number.isFinite(value) ? Math.round(value * 1e4) / 1e4 : 'inf');
const plain = (value: Decibels): number => (value === 'inf' ? Infinity : value);
