import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isMet, median, ratioOf } from './pairs.ts';

describe('ratios', () => {
  it('median lies between the extremes and ignores order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1e6 }), { minLength: 1 }), (values) => {
        const m = median(values);
        expect(m).toBeGreaterThanOrEqual(Math.min(...values));
        expect(m).toBeLessThanOrEqual(Math.max(...values));
        expect(median([...values].reverse())).toBe(m);
      }),
    );
  });

  it('compares pair by pair, not sums', () => {
    const pairs = [
      { ours: 2, peer: 1 },
      { ours: 30, peer: 10 },
      { ours: 4, peer: 4 },
    ];
    expect(ratioOf(pairs)).toEqual({ median: 2, min: 1, max: 3 });
  });

  it('a time has to be small, a rate has to be large', () => {
    expect(isMet(1.4, { atMost: 1.5 })).toBe(true);
    expect(isMet(1.6, { atMost: 1.5 })).toBe(false);
    expect(isMet(0.96, { atLeast: 0.95 })).toBe(true);
    expect(isMet(0.9, { atLeast: 0.95 })).toBe(false);
  });
});
