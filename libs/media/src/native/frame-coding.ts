import { inputError } from '@smartbox/kernel';
import type { Frame } from 'node-av/lib';
import type { Closeness } from '../coding.ts';
import type { Htj2kFrame } from '../htj2k/codec.ts';
import { encodeSequence, Htj2kPool } from '../htj2k/pool.ts';
import { closenessOf } from './closeness.ts';
import { breathe } from './cut/source-index.ts';
import { decodeFrame, jpegFrames, pictures, rgbFrames } from './frames.ts';
import { Comparison } from './quality/comparison.ts';

/** How pictures are coded one by one. */
export type FrameCoding =
  /** `ratio`: so many to one; absent: reversible. */
  | { readonly kind: 'htj2k'; readonly ratio?: number; readonly rpcl?: boolean }
  /** Baseline, 4:2:2; `quality` 1 (best) to 31. */
  | { readonly kind: 'jpeg'; readonly quality: number }
  | { readonly kind: 'rgb' };

/** Which pictures of an input. */
export interface FrameRange {
  /** Of the input, from 0. */
  readonly first?: number;
  readonly count?: number;
}

export interface CodedFrames {
  readonly frames: number;
  readonly width: number;
  readonly height: number;
  /** Exact settings, for the manifest. */
  readonly encoder: string;
  /** Of decoding and coding. */
  readonly durationMs: number;
}

/**
 * Codes the pictures of a video or picture file one by one, eight bits a sample; HTJ2K with one worker per core. Fields of
 * an interlaced video become frames first.
 * @param take gets each code in order; the next one waits for it
 * @throws SmartBoxError `media-error`, `no-video`, `no-frames`, `cancelled`
 */
export async function codeFrames(
  input: string,
  coding: FrameCoding,
  range: FrameRange,
  take: (code: Uint8Array) => Promise<void>,
  signal?: AbortSignal,
): Promise<CodedFrames> {
  const begun = performance.now();
  const size = { width: 0, height: 0 };
  let frames = 0;
  for await (const code of codes(input, coding, range, size)) {
    await take(code);
    frames += 1;
    await breathe(signal);
  }
  if (frames === 0) throw inputError('no-frames', `there is no frame ${range.first ?? 0}`);
  return { frames, ...size, encoder: words(coding), durationMs: Math.round(performance.now() - begun) };
}

function words(coding: FrameCoding): string {
  switch (coding.kind) {
    case 'jpeg':
      return `mjpeg 4:2:2 q=${coding.quality}`;
    case 'rgb':
      return 'uncompressed RGB';
    case 'htj2k': {
      const loss = coding.ratio === undefined ? 'reversible' : `${coding.ratio}:1`;
      return `OpenJPH ${loss}${coding.rpcl ? ' RPCL TLM' : ''}`;
    }
  }
}

type Size = { width: number; height: number };

async function* codes(input: string, coding: FrameCoding, range: FrameRange, size: Size): AsyncGenerator<Uint8Array> {
  if (coding.kind === 'htj2k') {
    const pool = new Htj2kPool();
    try {
      for await (const { bytes } of encodeSequence(pool, rgbInput(input, range, size), coding)) yield bytes;
    } finally {
      await pool.close();
    }
    return;
  }
  if (coding.kind === 'rgb') {
    for await (const { rgb } of rgbInput(input, range, size)) yield rgb;
    return;
  }
  for await (const { jpeg, width, height } of within(jpegFrames(input, coding.quality), range)) {
    Object.assign(size, { width, height });
    yield jpeg;
  }
}

async function* rgbInput(input: string, range: FrameRange, size: Size): AsyncGenerator<Htj2kFrame> {
  for await (const { rgb, width, height } of within(rgbFrames(input), range)) {
    Object.assign(size, { width, height });
    yield { rgb, width, height };
  }
}

async function* within<T>(all: AsyncIterable<T>, { first = 0, count = Infinity }: FrameRange): AsyncGenerator<T> {
  let at = 0;
  if (count <= 0) return;
  for await (const one of all) {
    if (at >= first) yield one;
    at += 1;
    if (at >= first + count) return;
  }
}

/** Frames compared of a long sequence, evenly spread: decoding them is what it costs. */
const COMPARED = 300;

/**
 * Decodes codes again and compares them with the pictures that they were made of. HTJ2K is decoded by another decoder than
 * its encoder (FFmpeg's).
 * @param read the code of a frame, counted from 0 within the range
 */
export async function measureFrames(
  input: string,
  coding: FrameCoding & { readonly kind: 'htj2k' | 'jpeg' },
  range: FrameRange & { readonly frames: number },
  read: (index: number) => Promise<Uint8Array>,
  signal?: AbortSignal,
): Promise<Closeness> {
  const every = Math.max(1, Math.ceil(range.frames / COMPARED));
  const comparison = new Comparison({});
  const decoder = coding.kind === 'htj2k' ? 'jpeg2000' : 'mjpeg';
  const source = pictures(input, coding.kind === 'htj2k' ? 'rgb' : 'jpeg-422', (frame): Frame | null => frame.clone());
  let at = 0;
  try {
    for await (const picture of within(source, range)) {
      if (picture && at % every === 0) {
        const decoded = decodeFrame(decoder, await read(at));
        comparison.pair(picture, decoded, at);
        decoded.free();
        await breathe(signal);
      }
      picture?.free();
      at += 1;
    }
    return closenessOf(comparison.report(at, range.frames));
  } finally {
    comparison.close();
  }
}
