import { inputError } from '@smartbox/kernel';
import type { Frame } from 'node-av/lib';
import { shown } from '../av.ts';
import { breathe } from '../cut/source-index.ts';
import { FilterChain } from '../enhance/filter-chain.ts';
import { Comparison, type QualityReport, type Thresholds } from './comparison.ts';
import { FrameStream } from './frame-stream.ts';

export interface QualityOptions extends Thresholds {
  /** Compares every n-th frame only. Default 1. */
  readonly every?: number;
  /** What was done to the reference on purpose: it is compared behind these filters. */
  readonly referenceFilters?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (at: { frames: number; totalFrames: number | null }) => void;
}

/**
 * Compares two videos frame by frame, the n-th with the n-th, at the reference's size and pixel format.
 * @throws SmartBoxError `media-error`, `no-video`, `no-frames`, `bad-filter`, `cancelled`.
 */
export async function measureQuality(
  reference: string,
  distorted: string,
  options: QualityOptions = {},
): Promise<QualityReport> {
  const every = options.every ?? 1;
  const first = await FilteredFrames.open(reference, options.referenceFilters ?? '', every, options.signal);
  const second = await FrameStream.open(distorted, options.signal).catch(async (error: unknown) => {
    await first.close();
    throw error;
  });
  const comparison = new Comparison(options);
  try {
    for (let at = 0; ; at++) {
      const a = first.next();
      const b = second.next();
      try {
        if (a && b && at % every === 0) comparison.pair(a, b, at);
      } finally {
        a?.free();
        b?.free();
      }
      if (!a && !b) break;
      if (at % 8 === 7) {
        await breathe(options.signal);
        options.onProgress?.({ frames: at + 1, totalFrames: first.totalFrames });
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

/** Filters that look at other frames too: all frames have to pass them. */
const TEMPORAL = /hqdn3d|bwdif/;

/** The frames of a file behind filters, one out for each one in. */
class FilteredFrames {
  private readonly source: FrameStream;
  private readonly filters: string;
  private readonly every: number;
  private readonly ready: Frame[] = [];
  private chain: FilterChain | null = null;
  private ended = false;

  private constructor(source: FrameStream, filters: string, every: number) {
    this.source = source;
    this.filters = filters;
    this.every = TEMPORAL.test(filters) ? 1 : every;
  }

  static async open(path: string, filters: string, every: number, signal?: AbortSignal): Promise<FilteredFrames> {
    return new FilteredFrames(await FrameStream.open(path, signal), filters, every);
  }

  get frames(): number {
    return this.source.frames;
  }

  get totalFrames(): number | null {
    return Number(this.source.stream.nbFrames) || null;
  }

  /** To be freed by the caller. A frame that is not going to be compared passes as it is. */
  next(): Frame | null {
    if (this.filters === '') return this.source.next();
    const keep = (frame: Frame): void => {
      const own = frame.clone();
      if (own) this.ready.push(own);
    };
    while (this.ready.length === 0 && !this.ended) {
      const at = this.source.frames;
      const frame = this.source.next();
      if (frame && at % this.every !== 0) return frame;
      if (frame) {
        const { num, den } = this.source.stream.timeBase;
        this.chain ??= new FilterChain(this.filters, [frame], { num, den });
        this.chain.push(frame, keep);
        frame.free();
      } else {
        this.ended = true;
        this.chain?.push(null, keep);
      }
    }
    return this.ready.shift() ?? null;
  }

  async close(): Promise<void> {
    for (const frame of this.ready) frame.free();
    this.chain?.close();
    await this.source.close();
  }
}
