import fc from 'fast-check';
import { expect, it } from 'vitest';
import { closedBy } from './schedule.ts';

const night = { from: '20:00', to: '06:00', timeZone: 'Europe/Berlin' };

it('is open in its hours, also over midnight, in local time', () => {
  expect(closedBy(night, new Date('2026-01-05T19:00:00Z'))).toBeUndefined(); // 20:00
  expect(closedBy(night, new Date('2026-01-05T04:59:59Z'))).toBeUndefined(); // 05:59
  expect(closedBy(night, new Date('2026-01-05T05:00:30Z'))).toEqual({
    since: new Date('2026-01-05T05:00:00Z'),
    until: new Date('2026-01-05T19:00:00Z'),
  });
  expect(closedBy(night, new Date('2026-07-05T18:00:00Z'))).toBeUndefined(); // 20:00 in summer
});

it('opens when it says so', () => {
  const clock = fc
    .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
    .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':'));
  fc.assert(
    fc.property(
      clock,
      clock,
      fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }),
      (from, to, now) => {
        const schedule = { from, to, timeZone: 'UTC' };
        const closed = closedBy(schedule, now);
        if (!closed) return;
        expect(closed.until.getTime()).toBeGreaterThan(now.getTime());
        expect(closed.since.getTime()).toBeLessThanOrEqual(now.getTime());
        expect(closedBy(schedule, closed.until)).toBeUndefined();
        expect(closedBy(schedule, new Date(closed.until.getTime() - 1))).toBeDefined();
      },
    ),
  );
});
