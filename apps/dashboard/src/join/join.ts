import type { EditStep } from '@smartbox/contracts';
import type { Span } from '../editor/film.ts';

/** A stretch of one original in a film of several; frames count from 0, the end is exclusive. */
export interface Stretch extends Span {
  /** Frames of the whole original. */
  readonly frames: number;
}

/** Where a frame of the film stands: in which part, and which frame of its original it is. */
export interface Place {
  readonly part: number;
  readonly frame: number;
}

const lengthOf = ({ from, to }: Span): number => to - from;
export const filmFrames = (parts: readonly Span[]): number => parts.reduce((sum, part) => sum + lengthOf(part), 0);

/** Frames of the film before its part number `part`. */
export const startOf = (parts: readonly Span[], part: number): number => filmFrames(parts.slice(0, part));

/** The film's frame at a place; at a place outside of what the part keeps, that of its nearest frame. */
export function filmFrameAt(parts: readonly Span[], { part, frame }: Place): number {
  const here = parts[part];
  return startOf(parts, part) + (here ? Math.min(Math.max(frame, here.from), here.to - 1) - here.from : 0);
}

/** The place of a frame of the film; its first or last one where it is outside. */
export function placeAt(parts: readonly Span[], filmFrame: number): Place {
  let left = Math.max(0, filmFrame);
  for (const [part, here] of parts.entries()) {
    if (left < lengthOf(here)) return { part, frame: here.from + left };
    left -= lengthOf(here);
  }
  return { part: Math.max(0, parts.length - 1), frame: Math.max(0, (parts.at(-1)?.to ?? 1) - 1) };
}

/**
 * What turns the originals, whole and one after the other, into the film. From the last to the first: what stands before
 * a frame that goes keeps its number.
 */
export function stepsOf(parts: readonly Stretch[]): EditStep[] {
  const steps: EditStep[] = [];
  let start = parts.reduce((sum, { frames }) => sum + frames, 0);
  for (const { frames, from, to } of parts.toReversed()) {
    start -= frames;
    if (to < frames) steps.push({ kind: 'remove', from: start + to, to: start + frames });
    if (from > 0) steps.push({ kind: 'remove', from: start, to: start + from });
  }
  return steps;
}

/** Moves a part by places in the order, as far as there are any. The same list where it stays. */
export function moved<T>(parts: readonly T[], part: number, by: number): readonly T[] {
  const to = Math.min(Math.max(0, part + by), parts.length - 1);
  const one = parts[part];
  return one === undefined || to === part ? parts : parts.toSpliced(part, 1).toSpliced(to, 0, one);
}
