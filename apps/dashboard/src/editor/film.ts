import { edit, framesOf, startEdit, timelineOf } from '@smartbox/recording/edit';
import type { EditDocument } from '@smartbox/recording/edit';

/** Frames [from, to) of the original, counted from 0. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A moment that somebody marked in the room. */
export interface TimelineMarker {
  readonly id: string;
  readonly frame: number;
  readonly label: string;
}

/** What an export makes unrecognisable over [from, to) of the original's frames. */
export interface Region extends Span {
  readonly id: string;
  readonly how: 'blur' | 'black';
  /** Shares of the picture's width and height, 0 to 1, from the top left. Absent: the whole picture. */
  readonly rect?: Rect;
}
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Everything that undo can take back. The steps stand in the document; where parts were only divided, beside it. */
export interface Draft {
  readonly document: EditDocument;
  /** Frames before which a part was divided without taking anything out: to choose a piece of it. */
  readonly splits: readonly number[];
  readonly regions: readonly Region[];
}

export function newDraft(source: string, frames: number): Draft {
  return { document: startEdit([{ source, frames }]), splits: [], regions: [] };
}

const sourceOf = (draft: Draft): string => Object.keys(draft.document.sources)[0] ?? '';
/** Frames of the original. */
export const totalFrames = (draft: Draft): number => draft.document.sources[sourceOf(draft)] ?? 0;
/** Frames of the film. */
export const keptFrames = (draft: Draft): number => framesOf(timelineOf(draft.document));

/** What of the original is kept, in order. */
export const keptSpans = (draft: Draft): Span[] => timelineOf(draft.document).map(({ from, to }) => ({ from, to }));

/** What was taken out. */
export function cutSpans(draft: Draft): Span[] {
  const cut: Span[] = [];
  let at = 0;
  for (const { from, to } of keptSpans(draft)) {
    if (at < from) cut.push({ from: at, to: from });
    at = to;
  }
  if (at < totalFrames(draft)) cut.push({ from: at, to: totalFrames(draft) });
  return cut;
}

/** The kept spans, divided where a person divided them. */
export function partsOf(draft: Draft): Span[] {
  return keptSpans(draft).flatMap(({ from, to }) => {
    const edges = [from, ...draft.splits.filter((split) => split > from && split < to).sort((a, b) => a - b), to];
    return edges.slice(0, -1).map((edge, i) => ({ from: edge, to: edges[i + 1] ?? to }));
  });
}

/** Frames of the film before this frame of the original. */
export function filmFrameOf(spans: readonly Span[], frame: number): number {
  return spans.reduce((sum, { from, to }) => sum + Math.min(Math.max(0, frame - from), to - from), 0);
}

/** The frame of the original at a place of the film; the nearest where it is outside. */
export function sourceFrameOf(spans: readonly Span[], filmFrame: number): number {
  let left = Math.max(0, filmFrame);
  for (const { from, to } of spans) {
    if (left < to - from) return from + left;
    left -= to - from;
  }
  return Math.max(0, (spans.at(-1)?.to ?? 1) - 1);
}

export const spanAt = (spans: readonly Span[], frame: number): Span | undefined =>
  spans.find(({ from, to }) => frame >= from && frame < to);

/** Takes [from, to) of the original out, as far as it is in the film. Something has to be left. */
function takeOut(document: EditDocument, from: number, to: number): EditDocument {
  const spans = timelineOf(document);
  const [first, end, all] = [filmFrameOf(spans, from), filmFrameOf(spans, to), framesOf(spans)];
  if (first === end) return document;
  if (first === 0) return edit(document, { kind: 'trim', from: end, to: all });
  if (end === all) return edit(document, { kind: 'trim', from: 0, to: first });
  return edit(document, { kind: 'remove', from: first, to: end });
}

/** Puts what is missing of [from, to) back in. */
function putBack(document: EditDocument, source: string, from: number, to: number): EditDocument {
  let next = document;
  let at = from;
  while (at < to) {
    const spans = timelineOf(next);
    const here = spanAt(spans, at);
    if (here) {
      at = here.to;
      continue;
    }
    const end = Math.min(to, spans.find((span) => span.from > at)?.from ?? to);
    next = edit(next, { kind: 'insert', at: filmFrameOf(spans, at), range: { source, from: at, to: end } });
    at = end;
  }
  return next;
}

/** The film begins with this frame, whether it was in it or not. */
export function beginAt(draft: Draft, frame: number): Draft {
  const next = keptSpans(draft).find(({ to }) => to > frame);
  const document = putBack(draft.document, sourceOf(draft), frame, Math.max(frame + 1, next?.from ?? 0));
  return { ...draft, document: takeOut(document, 0, frame) };
}

/** The film ends with this frame (which is its last one). */
export function endWith(draft: Draft, frame: number): Draft {
  const before = keptSpans(draft).findLast(({ from }) => from <= frame);
  const document = putBack(draft.document, sourceOf(draft), Math.min(frame, before?.to ?? frame), frame + 1);
  return { ...draft, document: takeOut(document, frame + 1, totalFrames(draft)) };
}

/** Divides the part that holds the frame, before the frame. The same draft where there is nothing to divide. */
export function splitAt(draft: Draft, frame: number): Draft {
  const part = spanAt(partsOf(draft), frame);
  return !part || part.from === frame ? draft : { ...draft, splits: [...draft.splits, frame] };
}

/** Takes a part out. The same draft where it is the only one: a film without frames is none. */
export function removePart(draft: Draft, part: Span): Draft {
  if (keptFrames(draft) - (part.to - part.from) < 1) return draft;
  return { ...draft, document: takeOut(draft.document, part.from, part.to) };
}

/** Puts something back that was taken out. */
export function restore(draft: Draft, span: Span): Draft {
  return { ...draft, document: putBack(draft.document, sourceOf(draft), span.from, span.to) };
}

/** How far an edge of a part may go: up to its neighbours, and the part keeps at least one frame. */
export function edgeLimits(draft: Draft, part: Span, edge: 'from' | 'to'): Span {
  const parts = partsOf(draft);
  const index = parts.findIndex(({ from }) => from === part.from);
  return edge === 'from'
    ? { from: parts[index - 1]?.to ?? 0, to: part.to - 1 }
    : { from: part.from + 1, to: parts[index + 1]?.from ?? totalFrames(draft) };
}

/** Moves one edge of a part, inwards or outwards, within its limits. */
export function moveEdge(draft: Draft, part: Span, edge: 'from' | 'to', wanted: number): Draft {
  const limits = edgeLimits(draft, part, edge);
  const frame = Math.min(Math.max(limits.from, Math.round(wanted)), limits.to);
  const source = sourceOf(draft);
  // a neighbour that was only divided off must stay divided when the two touch no longer or again
  const now = edge === 'from' ? { from: frame, to: part.to } : { from: part.from, to: frame };
  const others = draft.splits.filter((split) => split !== frame && (split <= now.from || split >= now.to));
  const splits = [...others, frame];
  const { document } = draft;
  if (edge === 'from')
    return frame < part.from
      ? { ...draft, splits, document: putBack(document, source, frame, part.from) }
      : { ...draft, splits, document: takeOut(document, part.from, frame) };
  return frame > part.to
    ? { ...draft, splits, document: putBack(document, source, part.to, frame) }
    : { ...draft, splits, document: takeOut(document, frame, part.to) };
}

export function addRegion(draft: Draft, region: Region): Draft {
  return { ...draft, regions: [...draft.regions, region] };
}
export function changeRegion(draft: Draft, id: string, change: Partial<Omit<Region, 'id'>>): Draft {
  return { ...draft, regions: draft.regions.map((region) => (region.id === id ? { ...region, ...change } : region)) };
}
export function removeRegion(draft: Draft, id: string): Draft {
  return { ...draft, regions: draft.regions.filter((region) => region.id !== id) };
}
