import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { momentOf, positionOf, rangeOf, StationNow, type PastPiece } from './past-clock.ts';

const T0 = Date.parse('2026-01-05T08:00:00Z');
/** Three seconds, four without a picture, two seconds from a restarted encoder. */
const pieces: PastPiece[] = [
  { start: 100, duration: 1, programDateTime: T0 },
  { start: 101, duration: 1, programDateTime: T0 + 1000 },
  { start: 102, duration: 1, programDateTime: T0 + 2000 },
  { start: 103, duration: 2, programDateTime: T0 + 3000, gap: true },
  { start: 105, duration: 2, programDateTime: T0 + 5000, gap: true },
  { start: 107, duration: 1, programDateTime: T0 + 7000 },
  { start: 108, duration: 1, programDateTime: T0 + 8000 },
];

describe('moments of the past', () => {
  it('are found in the player’s timeline, and the picture says which it is', () => {
    expect(rangeOf(pieces)).toEqual({ fromMs: T0, toMs: T0 + 9000 });
    expect(positionOf(pieces, T0 + 1500)).toBe(101.5);
    expect(momentOf(pieces, 101.5)).toBe(T0 + 1500);
    expect(positionOf([], T0)).toBeUndefined();
    expect(momentOf([], 1)).toBeUndefined();
  });

  it('go on behind a hole, and stay within what is there', () => {
    expect(positionOf(pieces, T0 + 4500)).toBe(107);
    expect(positionOf(pieces, T0 - 60_000)).toBe(100);
    expect(positionOf(pieces, T0 + 60_000)).toBeCloseTo(108.7);
  });

  it('are the same there and back, except in holes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 8700 }), (ms) => {
        const moment = momentOf(pieces, positionOf(pieces, T0 + ms) ?? NaN) ?? NaN;
        expect(moment).toBeCloseTo(ms >= 3000 && ms < 7000 ? T0 + 7000 : T0 + ms, 3);
      }),
    );
  });
});

describe('now by the station’s clock', () => {
  it('is our own where the clocks agree', () => {
    const now = new StationNow();
    now.note(T0 - 1800, T0);
    expect(now.at(T0 + 10)).toBe(T0 + 10);
  });

  it('follows a station whose clock is wrong, by the newest picture that lagged least', () => {
    const now = new StationNow();
    now.note(T0 + 58_000, T0);
    now.note(T0 + 59_500, T0 + 1000);
    now.note(T0 + 59_000, T0 + 2000);
    expect(now.at(T0 + 3000)).toBe(T0 + 3000 + 58_500);
    const behind = new StationNow();
    behind.note(T0 - 3_600_000, T0);
    expect(behind.at(T0)).toBe(T0 - 3_600_000);
  });
});
