import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  edit,
  redo,
  startEdit,
  stepsOnSource,
  timelineOf,
  undo,
  type EditDocument,
  type EditOperation,
} from './edit.ts';
import { framesOf, sourceFrameAt, type FrameRange } from './ranges.ts';

const SOURCES = [
  { source: 'a', frames: 120 },
  { source: 'b', frames: 7 },
];

/** Every frame written out: the model that the ranges have to equal. */
const written = (ranges: readonly FrameRange[]): string[] =>
  ranges.flatMap(({ source, from, to }) => Array.from({ length: to - from }, (_, i) => `${source}${from + i}`));

function applyWritten(frames: readonly string[], step: EditOperation): string[] {
  if (step.kind === 'trim') return frames.slice(step.from, step.to);
  if (step.kind === 'remove') return [...frames.slice(0, step.from), ...frames.slice(step.to)];
  return [...frames.slice(0, step.at), ...written([step.range]), ...frames.slice(step.at)];
}

/** A step that fits a timeline of `frames` frames, out of free numbers. */
function fitting(frames: number, [kind, a, b, c]: readonly [number, number, number, number]): EditOperation {
  const from = a % frames;
  const to = from + 1 + (b % (frames - from));
  if (kind === 0 || (kind === 1 && to - from === frames)) return { kind: 'trim', from, to };
  if (kind === 1) return { kind: 'remove', from, to };
  const { source, frames: total } = SOURCES[c % 2] ?? { source: 'a', frames: 120 };
  const start = a % total;
  return {
    kind: 'insert',
    at: b % (frames + 1),
    range: { source, from: start, to: start + 1 + (c % (total - start)) },
  };
}

const numbers = fc.array(fc.tuple(fc.nat(2), fc.nat(1000), fc.nat(1000), fc.nat(1000)), { maxLength: 20 });

describe('edits', () => {
  it('show exactly the frames that the same steps leave of a written-out list, in as few ranges as possible', () => {
    fc.assert(
      fc.property(numbers, (free) => {
        let document: EditDocument = startEdit(SOURCES);
        let expected = written(document.start);
        for (const quad of free) {
          const step = fitting(expected.length, quad);
          document = edit(document, step);
          expected = applyWritten(expected, step);
        }
        const ranges = timelineOf(document);
        expect(written(ranges)).toEqual(expected);
        expect(framesOf(ranges)).toBe(expected.length);
        ranges.forEach((range, i) => {
          const next = ranges[i + 1];
          expect(next?.source === range.source && next.from === range.to).toBe(false);
        });
        expected.forEach((name, at) => {
          const { source, frame } = sourceFrameAt(ranges, at);
          expect(`${source}${frame}`).toBe(name);
        });
      }),
      { numRuns: 100 },
    );
  });

  it('are undone one by one back to the start, and done again to the same film', () => {
    fc.assert(
      fc.property(numbers, (free) => {
        const history = [startEdit(SOURCES)];
        for (const quad of free) {
          const last = history.at(-1) ?? startEdit(SOURCES);
          history.push(edit(last, fitting(framesOf(timelineOf(last)), quad)));
        }
        let document = history.at(-1) ?? startEdit(SOURCES);
        const final = timelineOf(document);
        for (const before of [...history].reverse()) {
          expect(timelineOf(document)).toEqual(timelineOf(before));
          document = undo(document);
        }
        expect(undo(document)).toBe(document);
        for (let i = 0; i < free.length; i++) document = redo(document);
        expect(timelineOf(document)).toEqual(final);
        expect(redo(document)).toBe(document);
        expect(JSON.parse(JSON.stringify(document))).toEqual(document);
      }),
      { numRuns: 50 },
    );
  });

  it('forget what was undone once something new is done', () => {
    const trimmed = edit(startEdit(SOURCES), { kind: 'trim', from: 10, to: 20 });
    const other = edit(undo(trimmed), { kind: 'remove', from: 0, to: 5 });
    expect(redo(other)).toBe(other);
    expect(timelineOf(other)[0]).toEqual({ source: 'a', from: 5, to: 120 });
  });

  it('count in frames of the source where a person reads them off the original', () => {
    fc.assert(
      fc.property(
        fc.nat(59),
        fc.nat(59),
        fc.array(fc.tuple(fc.nat(59), fc.nat(30)), { maxLength: 5 }),
        (a, b, parts) => {
          const [from, to] = a < b ? [a, b] : [b, a + 1];
          const remove = parts.map(([start, length]) => ({ from: start, to: Math.min(60, start + 1 + length) }));
          const keep = Array.from({ length: 60 }, (_, i) => i).filter(
            (i) => i >= from && i < to && !remove.some((part) => i >= part.from && i < part.to),
          );
          const cut = (): EditDocument =>
            stepsOnSource(60, { from, to, remove }).reduce(edit, startEdit([{ source: 'a', frames: 60 }]));
          if (keep.length === 0) expect(cut).toThrow(/would leave nothing/);
          else expect(written(timelineOf(cut()))).toEqual(keep.map((i) => `a${i}`));
        },
      ),
    );
  });

  it.each([
    [{ kind: 'trim', from: 0, to: 128 }, /frames 0-128 are not a part of the timeline, which has 127 frames/],
    [{ kind: 'trim', from: 5, to: 5 }, /frames 5-5/],
    [{ kind: 'remove', from: -1, to: 5 }, /frames -1-5/],
    [{ kind: 'remove', from: 0.5, to: 5 }, /frames 0.5-5/],
    [{ kind: 'remove', from: 0, to: 127 }, /would leave nothing/],
    [{ kind: 'insert', at: 0, range: { source: 'x', from: 0, to: 1 } }, /source x is not part/],
    [{ kind: 'insert', at: 128, range: { source: 'b', from: 0, to: 1 } }, /insert at frame 128/],
    [{ kind: 'insert', at: 0, range: { source: 'b', from: 3, to: 8 } }, /frames 3-8 are not a part of source b/],
  ] satisfies [EditOperation, RegExp][])('refuse %j', (step, message) => {
    expect(() => edit(startEdit(SOURCES), step)).toThrow(message);
  });
});
