import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { clampView, follow, frameOf, pictures, ticks, wholeView, xOf, zoomAt } from './view.ts';

describe('the timeline’s view', () => {
  const hour = 108_000;

  it('stays within the film and keeps the frame under the pointer in place', () => {
    const numbers = fc.record({
      total: fc.integer({ min: 1, max: hour }),
      from: fc.double({ min: 0, max: 1, noNaN: true }),
      zoom: fc.double({ min: 1, max: 5000, noNaN: true }),
      factor: fc.double({ min: 0.2, max: 5, noNaN: true }),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(numbers, ({ total, from, zoom, factor, at }) => {
        const view = clampView({ from: from * total, length: total / zoom }, total, 1000);
        const frame = frameOf(view, at * 1000, 1000);
        const next = zoomAt(view, factor, frame, total, 1000);
        expect(next.from).toBeGreaterThanOrEqual(0);
        expect(next.from + next.length).toBeLessThanOrEqual(total + 1e-6);
        expect(1000 / next.length).toBeLessThanOrEqual(Math.max(44, 1000 / total) + 1e-6);
        const free = next.from > 0 && next.from + next.length < total - 1e-6;
        if (free) expect(xOf(next, frame, 1000)).toBeCloseTo(at * 1000, 3);
        expect(frame).toBeGreaterThanOrEqual(follow(next, frame, total, 1000).from);
      }),
    );
  });

  it('draws as much for an hour as for a second', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 5000, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (zoom, at) => {
          const view = clampView({ from: at * hour, length: hour / zoom }, hour, 1200);
          expect(ticks(view, 30, 1200).marks.length).toBeLessThan(200);
          expect(pictures(view, hour, 1200, 96).length).toBeLessThanOrEqual(14);
        },
      ),
    );
  });

  it('marks whole seconds at their first frame, also at 29.97', () => {
    expect(ticks(wholeView(300), 30_000 / 1001, 1200).marks.slice(0, 3)).toEqual([
      { frame: 0, major: true },
      { frame: 30, major: true },
      { frame: 60, major: true },
    ]);
    const close = ticks({ from: 100, length: 30 }, 25, 1200).marks;
    expect(close.filter(({ major }) => major)).toEqual([
      { frame: 100, major: true },
      { frame: 125, major: true },
    ]);
    expect(close).toHaveLength(31);
  });
});
