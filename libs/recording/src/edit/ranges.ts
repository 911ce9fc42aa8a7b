import { inputError } from '@smartbox/kernel/errors';

/** Frames [from, to) of one source, counted from 0 in presentation order. */
export interface FrameRange {
  readonly source: string;
  readonly from: number;
  readonly to: number;
}

export const framesOf = (ranges: readonly FrameRange[]): number =>
  ranges.reduce((sum, range) => sum + range.to - range.from, 0);

/** The source frame that a timeline shows at `frame`. @throws SmartBoxError `frame-outside`. */
export function sourceFrameAt(ranges: readonly FrameRange[], frame: number): { source: string; frame: number } {
  let before = 0;
  for (const range of ranges) {
    const length = range.to - range.from;
    if (frame >= before && frame < before + length) return { source: range.source, frame: range.from + frame - before };
    before += length;
  }
  throw inputError('frame-outside', `frame ${frame} is outside the timeline of ${before} frames`);
}

/** Frames [from, to) of a timeline. Neighbours that continue each other are joined. */
export function slice(ranges: readonly FrameRange[], from: number, to: number): FrameRange[] {
  const kept: FrameRange[] = [];
  let before = 0;
  for (const range of ranges) {
    const start = Math.max(from - before, 0);
    const end = Math.min(to - before, range.to - range.from);
    if (start < end) kept.push({ source: range.source, from: range.from + start, to: range.from + end });
    before += range.to - range.from;
  }
  return normalise(kept);
}

/** The same frames in as few ranges as possible. */
export function normalise(ranges: readonly FrameRange[]): FrameRange[] {
  const joined: FrameRange[] = [];
  for (const range of ranges) {
    if (range.from >= range.to) continue;
    const last = joined.at(-1);
    if (last?.source === range.source && last.to === range.from) joined[joined.length - 1] = { ...last, to: range.to };
    else joined.push({ source: range.source, from: range.from, to: range.to });
  }
  return joined;
}
