import fc from 'fast-check';
import { expect, it } from 'vitest';
import { frameTimeVector, MAX_SHORT_VALUE } from './frame-times.ts';

const sum = (list: readonly unknown[]) => list.reduce<number>((total, each) => total + Number(each), 0);

it('a Frame Time Vector never drifts, and fits its representation as long as milliseconds do', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0.1, max: 99, noNaN: true }), { maxLength: 20_000 }), (times) => {
      const vector = frameTimeVector(times);
      expect(vector).toHaveLength(times.length);
      expect(vector.join('\\').length).toBeLessThanOrEqual(MAX_SHORT_VALUE);
      expect(Math.abs(sum(vector) - sum(times))).toBeLessThan(0.51);
      expect(vector.filter((each) => !/^\d+(\.\d{1,3})?$/.test(each))).toEqual([]);
    }),
    { numRuns: 20 },
  );
});
