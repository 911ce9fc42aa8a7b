import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Backlog } from './backlog.ts';

describe('a backlog', () => {
  it('is as old as the oldest unit that cannot have been taken', () => {
    const backlog = new Backlog(3);
    for (const at of [0, 10, 20, 30]) backlog.handed(at);
    expect(backlog.ageMs(100)).toBe(80); // 0 and 10 may be taken, and not reported
    backlog.taken(3);
    expect(backlog.ageMs(100)).toBe(0);
    backlog.taken(3);
    backlog.taken(1);
    for (const at of [110, 120]) backlog.handed(at);
    expect(backlog.ageMs(130)).toBe(10);
  });

  it('is never told older than it is, and grows old for whoever takes nothing', () => {
    const steps = fc.array(fc.record({ gap: fc.nat(50), takes: fc.nat(4) }), { maxLength: 80 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 8 }), (all, every) => {
        const backlog = new Backlog(every);
        const waiting: number[] = [];
        let [now, taken] = [0, 0];
        for (const { gap, takes } of all) {
          now += gap;
          backlog.handed(now);
          waiting.push(now);
          for (let i = 0; i < takes && waiting.length > 0; i++) {
            waiting.shift();
            if (++taken % every === 0) backlog.taken(taken);
          }
          expect(backlog.ageMs(now)).toBeLessThanOrEqual(now - (waiting[0] ?? now));
        }
        for (let i = 0; i < every; i++) backlog.handed(now);
        expect(backlog.ageMs(now + 1000)).toBeGreaterThanOrEqual(1000);
      }),
    );
  });
});
