import { inputError } from '@smartbox/kernel/errors';
import { framesOf, normalise, slice, type FrameRange } from './ranges.ts';

/**
 * One step of an edit. Frames are counted on the timeline that the step finds (from 0, end exclusive), never in
 * seconds: a frame number is exact for every frame rate, also a variable one.
 */
export type EditOperation =
  | { readonly kind: 'trim'; readonly from: number; readonly to: number }
  | { readonly kind: 'remove'; readonly from: number; readonly to: number }
  /** Puts frames of a source in at `at`; at the end when `at` is the timeline's length. */
  | { readonly kind: 'insert'; readonly at: number; readonly range: FrameRange };

/**
 * A film in the making: what it starts from and what was done, step by step. The sources are never touched; the
 * document is plain JSON and every function here returns a new one.
 */
export interface EditDocument {
  /** Frames of each source, by its id. */
  readonly sources: Readonly<Record<string, number>>;
  /** The timeline before any step. */
  readonly start: readonly FrameRange[];
  readonly done: readonly EditOperation[];
  /** Undone steps, the next one to do again last. A new step forgets them. */
  readonly undone: readonly EditOperation[];
}

/** A document that shows the given sources whole, one after the other. */
export function startEdit(sources: readonly { readonly source: string; readonly frames: number }[]): EditDocument {
  const known: Record<string, number> = {};
  for (const { source, frames } of sources) {
    if (!Number.isSafeInteger(frames) || frames < 1)
      throw inputError('bad-frame-count', `source ${source} has ${frames} frames; at least one is needed`);
    if (known[source] !== undefined && known[source] !== frames)
      throw inputError('bad-frame-count', `source ${source} is given with ${known[source]} and with ${frames} frames`);
    known[source] = frames;
  }
  return {
    sources: known,
    start: normalise(sources.map(({ source, frames }) => ({ source, from: 0, to: frames }))),
    done: [],
    undone: [],
  };
}

/** The source frames that the film shows, in order, in as few ranges as possible. */
export function timelineOf(document: EditDocument): FrameRange[] {
  return document.done.reduce<FrameRange[]>((ranges, step) => apply(ranges, step), normalise(document.start));
}

/** Does one step. @throws SmartBoxError `bad-frame-range`, `nothing-left`, `source-unknown`. */
export function edit(document: EditDocument, step: EditOperation): EditDocument {
  if (step.kind === 'insert') {
    const { source, from, to } = step.range;
    const frames = document.sources[source];
    if (frames === undefined) throw inputError('source-unknown', `source ${source} is not part of this edit`);
    checkRange(from, to, frames, `source ${source}`);
  }
  apply(timelineOf(document), step);
  return { ...document, done: [...document.done, step], undone: [] };
}

/** Takes the last step back; the same document when there is none. */
export function undo(document: EditDocument): EditDocument {
  const last = document.done.at(-1);
  if (!last) return document;
  return { ...document, done: document.done.slice(0, -1), undone: [...document.undone, last] };
}

/** Does the last undone step again; the same document when there is none. */
export function redo(document: EditDocument): EditDocument {
  const next = document.undone.at(-1);
  if (!next) return document;
  return { ...document, done: [...document.done, next], undone: document.undone.slice(0, -1) };
}

/**
 * The steps that keep [from, to) of a source without the removed parts, all counted in frames of the *source*, as a
 * person reads them off the original. Parts may overlap and come in any order.
 */
export function stepsOnSource(
  frames: number,
  wanted: {
    readonly from?: number;
    readonly to?: number;
    readonly remove?: readonly { readonly from: number; readonly to: number }[];
  },
): EditOperation[] {
  const from = wanted.from ?? 0;
  const to = wanted.to ?? frames;
  checkRange(from, to, frames, 'the source');
  const parts = union(wanted.remove ?? [], frames)
    .map((part) => ({ from: Math.max(part.from, from), to: Math.min(part.to, to) }))
    .filter((part) => part.from < part.to);
  const steps: EditOperation[] = [];
  if (from > 0 || to < frames) steps.push({ kind: 'trim', from, to });
  // from the back to the front: what stands before a removed part keeps its number
  for (const part of parts.reverse()) steps.push({ kind: 'remove', from: part.from - from, to: part.to - from });
  return steps;
}

function union(parts: readonly { from: number; to: number }[], frames: number): { from: number; to: number }[] {
  const merged: { from: number; to: number }[] = [];
  for (const { from, to } of [...parts].sort((a, b) => a.from - b.from)) {
    checkRange(from, to, frames, 'the source');
    const last = merged.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else merged.push({ from, to });
  }
  return merged;
}

function apply(ranges: readonly FrameRange[], step: EditOperation): FrameRange[] {
  const frames = framesOf(ranges);
  switch (step.kind) {
    case 'trim':
      checkRange(step.from, step.to, frames, 'the timeline');
      return slice(ranges, step.from, step.to);
    case 'remove': {
      checkRange(step.from, step.to, frames, 'the timeline');
      if (step.from === 0 && step.to === frames)
        throw inputError('nothing-left', `removing frames 0-${frames} would leave nothing of the timeline`);
      return normalise([...slice(ranges, 0, step.from), ...slice(ranges, step.to, frames)]);
    }
    case 'insert':
      if (!Number.isSafeInteger(step.at) || step.at < 0 || step.at > frames)
        throw inputError('bad-frame-range', `cannot insert at frame ${step.at} of a timeline of ${frames} frames`);
      return normalise([...slice(ranges, 0, step.at), step.range, ...slice(ranges, step.at, frames)]);
  }
}

function checkRange(from: number, to: number, frames: number, of: string): void {
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 0 || from >= to || to > frames)
    throw inputError(
      'bad-frame-range',
      `frames ${from}-${to} are not a part of ${of}, which has ${frames} frames (0-${frames}, end exclusive)`,
    );
}
