import { useMemo } from 'react';
import {
  beginAt,
  cutSpans,
  endWith,
  keptSpans,
  moveEdge,
  newDraft,
  partsOf,
  removePart,
  restore,
  spanAt,
  splitAt,
} from './film.ts';
import type { Draft, Span } from './film.ts';
import { InHand, useHistory } from './useHistory.ts';

/** The part that holds the frame, else the nearest one: its edges can be grasped. */
export function activePart(parts: readonly Span[], frame: number): number {
  const inside = parts.findIndex(({ from, to }) => frame >= from && frame < to);
  if (inside >= 0) return inside;
  const distance = ({ from, to }: Span) => Math.min(Math.abs(from - frame), Math.abs(to - 1 - frame));
  return parts.reduce((best, part, i) => (distance(part) < distance(parts[best] ?? part) ? i : best), 0);
}

const inHand = new InHand<Draft>();

/** What the edit in hand keeps of a source; undefined where there is none. */
export function spansInHand(source: string): Span[] | undefined {
  const history = inHand.get(source);
  return history && keptSpans(history.draft);
}

/** The edit in hand: what it looks like now, and everything that can be done to it. */
export function useEditor(source: string, frames: number) {
  const { draft, change, ...history } = useHistory(inHand, source, () => newDraft(source, frames));
  const film = useMemo(() => {
    const cuts = cutSpans(draft);
    return { spans: keptSpans(draft), parts: partsOf(draft), cuts, isCut: cuts.length > 0 };
  }, [draft]);

  const actions = useMemo(
    () => ({
      begin: (frame: number) => change((d) => beginAt(d, frame)),
      end: (frame: number) => change((d) => endWith(d, frame)),
      split: (frame: number) => change((d) => splitAt(d, frame)),
      remove: (part: Span) => change((d) => removePart(d, part)),
      restore: (span: Span) => change((d) => restore(d, span)),
      /** Takes out the part that holds the frame, or puts back what was cut there. */
      toggle: (frame: number) =>
        change((d) => {
          const cut = spanAt(cutSpans(d), frame);
          const part = spanAt(partsOf(d), frame);
          return cut ? restore(d, cut) : part ? removePart(d, part) : d;
        }),
      /** The part's number stays the same however far an edge is moved. */
      edge: (index: number, edge: 'from' | 'to', frame: number, gesture: string) =>
        change((d) => {
          const part = partsOf(d)[index];
          return part ? moveEdge(d, part, edge, frame) : d;
        }, `${gesture}-${index}`),
    }),
    [change],
  );
  return {
    draft,
    ...film,
    change,
    ...actions,
    ...history,
    cutAt: (frame: number) => spanAt(film.cuts, frame),
  };
}
export type Editor = ReturnType<typeof useEditor>;
