import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import {
  beginAt,
  cutSpans,
  edgeLimits,
  endWith,
  filmFrameOf,
  keptFrames,
  keptSpans,
  moveEdge,
  newDraft,
  partsOf,
  removePart,
  restore,
  sourceFrameOf,
  splitAt,
} from './film.ts';
import type { Draft } from './film.ts';
import { commit, redo, startHistory, undo } from './history.ts';

const framesIn = (draft: Draft) =>
  keptSpans(draft).flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i));
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe('the film in the editor', () => {
  it('begins and ends at the very frames', () => {
    const film = endWith(beginAt(newDraft('cam', 100), 40), 59);
    expect(framesIn(film)).toEqual(range(40, 60));
    expect(film.document.done).toEqual([
      { kind: 'trim', from: 40, to: 100 },
      { kind: 'trim', from: 0, to: 20 },
    ]);
    // outside of what is left, it grows to there again
    expect(framesIn(beginAt(film, 30))).toEqual(range(30, 60));
    expect(framesIn(beginAt(film, 80))).toEqual([80]);
    expect(framesIn(endWith(film, 90))).toEqual(range(40, 91));
  });

  it('divides, takes a part out, gives it back', () => {
    const divided = splitAt(splitAt(newDraft('cam', 90), 30), 60);
    expect(partsOf(divided)).toEqual([
      { from: 0, to: 30 },
      { from: 30, to: 60 },
      { from: 60, to: 90 },
    ]);
    const without = removePart(divided, { from: 30, to: 60 });
    expect(framesIn(without)).toEqual([...range(0, 30), ...range(60, 90)]);
    expect(cutSpans(without)).toEqual([{ from: 30, to: 60 }]);
    expect(framesIn(restore(without, { from: 30, to: 60 }))).toEqual(range(0, 90));
    const one = removePart(removePart(divided, { from: 0, to: 30 }), { from: 30, to: 60 });
    expect(removePart(one, { from: 60, to: 90 })).toBe(one);
  });

  it('keeps the film exact whatever is done to it', () => {
    const action = fc.record({
      kind: fc.constantFrom('begin', 'end', 'split', 'remove', 'from', 'to'),
      at: fc.nat(59),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 12 }), (actions) => {
        let draft = newDraft('cam', 60);
        for (const { kind, at } of actions) {
          const before = new Set(framesIn(draft));
          const parts = partsOf(draft);
          const part = parts[at % parts.length]!;
          const rest = range(0, 60).filter((f) => before.has(f) && (f < part.from || f >= part.to));
          if (kind === 'begin') {
            draft = beginAt(draft, at);
            expect(framesIn(draft)[0]).toBe(at);
            expect(framesIn(draft).slice(1)).toEqual(
              range(at + 1, 60).filter((f) => before.has(f) || f < (range(at, 60).find((x) => before.has(x)) ?? 0)),
            );
          } else if (kind === 'end') {
            draft = endWith(draft, at);
            expect(framesIn(draft).at(-1)).toBe(at);
          } else if (kind === 'split') {
            draft = splitAt(draft, at);
            expect(new Set(framesIn(draft))).toEqual(before);
          } else if (kind === 'remove') {
            draft = removePart(draft, part);
            expect(framesIn(draft)).toEqual(parts.length === 1 ? [...before] : rest);
          } else {
            const edge = kind === 'from' ? 'from' : 'to';
            const limits = edgeLimits(draft, part, edge);
            const to = Math.min(Math.max(at, limits.from), limits.to);
            draft = moveEdge(draft, part, edge, at);
            const now = edge === 'from' ? range(to, part.to) : range(part.from, to);
            expect(framesIn(draft)).toEqual([...rest, ...now].sort((a, b) => a - b));
            // a part that was beside it is still a part of its own
            expect(partsOf(draft)).toContainEqual(
              edge === 'from' ? { from: to, to: part.to } : { from: part.from, to },
            );
          }
          const frames = framesIn(draft);
          expect(frames.length).toBe(keptFrames(draft));
          expect(frames.length).toBeGreaterThan(0);
          const spans = keptSpans(draft);
          frames.forEach((frame, i) => {
            expect(filmFrameOf(spans, frame)).toBe(i);
            expect(sourceFrameOf(spans, i)).toBe(frame);
          });
        }
      }),
      { numRuns: 300 },
    );
  });

  it('undoes and does again; an edge that is moved step by step is one step', () => {
    let history = startHistory(newDraft('cam', 100));
    history = commit(history, (d) => beginAt(d, 20));
    for (const frame of [21, 22, 23])
      history = commit(history, (d) => moveEdge(d, { from: 20, to: 100 }, 'from', frame), 'edge');
    expect(framesIn(history.draft)[0]).toBe(23);
    expect(history.draft.document.done).toHaveLength(2);
    history = undo(history);
    expect(framesIn(history.draft)[0]).toBe(20);
    history = undo(undo(history));
    expect(framesIn(history.draft)).toEqual(range(0, 100));
    history = redo(redo(history));
    expect(framesIn(history.draft)[0]).toBe(23);
    expect(redo(history)).toBe(history);
  });
});
