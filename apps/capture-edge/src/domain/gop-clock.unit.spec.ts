import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GopClock } from './gop-clock.ts';

describe('GopClock', () => {
  it('begins GOPs of two sources at the same whole seconds, whatever their start and rate', () => {
    const starts = (frameTicks: number, from: number) => {
      const clock = new GopClock(1000, frameTicks);
      const pts = Array.from({ length: 300 }, (_, i) => from + i * frameTicks);
      return pts.filter((at) => clock.begins(at)).slice(1);
    };
    expect(starts(3000, 7_203_000)).toEqual(Array.from({ length: 10 }, (_, i) => 7_290_000 + i * 90_000));
    for (const at of starts(1501.5, 7_215_000))
      expect(Math.abs(at - Math.round(at / 90_000) * 90_000)).toBeLessThan(1502);
  });

  it('begins one when asked, once, and after lost time', () => {
    const clock = new GopClock(1000, 3000);
    expect([90_000, 93_000].map((at) => clock.begins(at))).toEqual([true, false]);
    clock.ask();
    expect([96_000, 99_000].map((at) => clock.begins(at))).toEqual([true, false]);
    expect(clock.lostBefore(132_000)).toBe(30_000);
    expect(clock.begins(132_000)).toBe(true);
    expect(clock.lostBefore(138_000)).toBe(0);
  });

  it('never lets a GOP last longer than its length and one frame', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 200, max: 3000 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        (gopMs, steps) => {
          const clock = new GopClock(gopMs, 3000);
          let at = 1_000_000;
          let begun = at;
          for (const step of steps) {
            if (clock.begins(at)) begun = at;
            expect(at - begun).toBeLessThan(gopMs * 90 + 3000);
            at += step * 3000;
          }
        },
      ),
    );
  });
});
