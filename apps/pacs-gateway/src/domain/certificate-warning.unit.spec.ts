import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { warningStep } from './certificate-warning.ts';

const DAY_MS = 86_400_000;
const now = new Date('2026-11-29T12:00:00Z');
const inDays = (days: number) => new Date(now.getTime() + days * DAY_MS);

describe('the warning about a certificate', () => {
  it.each([
    [31, undefined],
    [30, 30],
    [14.5, 30],
    [14, 14],
    [6.9, 7],
    [2, 3],
    [0.5, 1],
    [0, 0],
    [-400, 0],
  ])('%d days before its end is step %s', (days, step) => {
    expect(warningStep(inDays(days), now)).toBe(step);
  });

  it('never gets less urgent as time passes', () => {
    const day = fc.double({ min: -50, max: 50, noNaN: true });
    fc.assert(
      fc.property(day, day, (a, b) => {
        const at = (days: number) => warningStep(inDays(days), now) ?? Infinity;
        expect(at(Math.min(a, b))).toBeLessThanOrEqual(at(Math.max(a, b)));
      }),
    );
  });
});
