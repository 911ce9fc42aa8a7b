import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimeLine } from './time-line.ts';

describe('TimeLine', () => {
  it('gives a constant rate for time stamps in whole milliseconds that arrive with jitter', () => {
    const line = new TimeLine(3000);
    const out = Array.from({ length: 300 }, (_, i) =>
      line.map(Math.round((i * 1000) / 30) * 90, 1_000_000 + i * 3000 + ((i * 7919) % 2000)),
    );
    expect(new Set(out.slice(1).map((at, i) => at - (out[i] ?? 0)))).toEqual(new Set([3000]));
  });

  it('follows a clock that jumps back, and one that drifts', () => {
    const line = new TimeLine(3000);
    expect(line.map(9_000_000, 500_000)).toBe(500_000);
    expect(line.map(100, 560_000)).toBe(560_000);
    let at = 0;
    for (let i = 1; i < 20_000; i++) at = line.map(100 + i * 2999.7, 560_000 + i * 3000); // 100 ppm
    expect(Math.abs(at - (560_000 + 19_999 * 3000))).toBeLessThan(4500);
  });

  it('keeps the place of what arrives late in a burst, and sees a pause of the source', () => {
    const line = new TimeLine(3000);
    for (let i = 0; i < 30; i++) line.map(i * 3000, 1_000_000 + i * 3000);
    const burst = Array.from({ length: 60 }, (_, i) => line.map((30 + i) * 3000, 1_000_000 + 90 * 3000));
    expect(burst).toEqual(burst.map((_, i) => 1_090_000 + i * 3000));
    const paused = Array.from({ length: 60 }, (_, i) => line.map((90 + i) * 3000, 2_000_000 + i * 3000));
    expect(paused.at(-1)).toBe(2_000_000 + 59 * 3000);
  });

  it('always grows', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 10_000_000 }), fc.nat(20_000))), (steps) => {
        const line = new TimeLine(3000);
        let now = 0;
        let last = -1;
        for (const [source, step] of steps) {
          now += step;
          const at = line.map(source, now);
          expect(at).toBeGreaterThan(last);
          last = at;
        }
      }),
    );
  });
});
