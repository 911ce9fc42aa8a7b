import { describe, expect, it } from 'vitest';
import { Lateness } from './lateness.ts';

/** Thirty pictures a second, each as old as said; what the source tells at the end. */
function after(seconds: number, age: (frame: number) => number, lateness = new Lateness(), from = 0) {
  let now = from;
  for (let frame = 0; frame < seconds * 30; frame++) {
    now = from + (frame * 1000) / 30;
    lateness.note(age(frame), now);
  }
  return { lateness, now, told: lateness.standingMs(now) };
}

describe('how late a source is', () => {
  it('knows nothing before the first picture', () => {
    expect(new Lateness().standingMs(5)).toBeUndefined();
  });

  it('what the way takes is not late, nor are single pictures', () => {
    expect(after(10, () => 40).told).toBe(0);
    expect(after(10, (frame) => (frame % 10 === 0 ? 12 : 900)).told).toBe(0);
  });

  it('is late where every picture of a second is, and punctual again a second later', () => {
    const before = after(5, () => 15);
    const late = after(3, () => 265, before.lateness, before.now);
    expect(late.told).toBeGreaterThanOrEqual(249);
    expect(late.told).toBeLessThanOrEqual(250);
    expect(after(2.2, () => 15, late.lateness, late.now).told).toBe(0);
  });

  it('is as late as it is silent', () => {
    const { lateness, now } = after(3, () => 15);
    expect(lateness.standingMs(now + 900)).toBe(0);
    expect(lateness.standingMs(now + 1_700)).toBe(1_700);
  });

  it('follows a camera whose clock runs away slowly', () => {
    // 100 ppm over ten minutes: 60 ms, which are none.
    expect(after(600, (frame) => 15 + (frame / 30) * 0.1).told).toBeLessThan(2);
  });
});
