import { edit, startEdit, timelineOf } from '@smartbox/recording/edit';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filmFrameAt, filmFrames, moved, placeAt, startOf, stepsOf } from './join.ts';

const stretch = fc
  .record({ frames: fc.integer({ min: 1, max: 40 }), a: fc.nat(39), b: fc.nat(39), name: fc.constantFrom('x', 'y') })
  .map(({ frames, a, b, name }) => {
    const [from, last] = [a % frames, b % frames].sort((x, y) => x - y) as [number, number];
    // the same original has the same frames wherever it is used
    return { source: `${name}/${frames}`, frames, from, to: last + 1 };
  });
const films = fc.array(stretch, { minLength: 1, maxLength: 6 });

describe('a film of several clips', () => {
  it('asks the server for the very frames of its parts, in their order', () => {
    fc.assert(
      fc.property(films, (parts) => {
        const ranges = timelineOf(stepsOf(parts).reduce(edit, startEdit(parts)));
        const frames = (all: readonly { source: string; from: number; to: number }[]) =>
          all.flatMap(({ source, from, to }) => Array.from({ length: to - from }, (_, i) => `${source}:${from + i}`));
        expect(frames(ranges)).toEqual(frames(parts));
      }),
    );
  });

  it('finds every frame of the film, and the film’s frame of every place', () => {
    fc.assert(
      fc.property(films, (parts) => {
        const places = parts.flatMap(({ from, to }, part) =>
          Array.from({ length: to - from }, (_, i) => ({ part, frame: from + i })),
        );
        expect(filmFrames(parts)).toBe(places.length);
        places.forEach((place, filmFrame) => {
          expect(placeAt(parts, filmFrame)).toEqual(place);
          expect(filmFrameAt(parts, place)).toBe(filmFrame);
        });
        expect(placeAt(parts, -1)).toEqual(places[0]);
        expect(placeAt(parts, places.length)).toEqual(places.at(-1));
      }),
    );
  });

  it('names the nearest frame of a part for one that it does not keep', () => {
    const parts = [
      { from: 0, to: 10 },
      { from: 20, to: 30 },
    ];
    expect(startOf(parts, 1)).toBe(10);
    expect(filmFrameAt(parts, { part: 1, frame: 3 })).toBe(10);
    expect(filmFrameAt(parts, { part: 1, frame: 99 })).toBe(19);
  });

  it('moves a part, and nothing beyond the ends', () => {
    const parts = ['a', 'b', 'c'];
    expect(moved(parts, 0, 1)).toEqual(['b', 'a', 'c']);
    expect(moved(parts, 2, -2)).toEqual(['c', 'a', 'b']);
    expect(moved(parts, 0, -1)).toBe(parts);
    expect(moved(parts, 7, 1)).toBe(parts);
  });
});
