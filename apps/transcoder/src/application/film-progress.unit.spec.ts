import type { Origin } from '@smartbox/contracts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FilmAnnouncements } from './film-ports.ts';
import { FilmProgress } from './film-progress.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function progress(): { told: { percent: number; remainingMs?: number }[]; of: FilmProgress } {
  const told: { percent: number; remainingMs?: number }[] = [];
  const announce: Pick<FilmAnnouncements, 'progressed'> = { progressed: async (_, at) => void told.push(at) };
  const work = { rendition: 'edit' as const, renditionId: 'r', origin: {} as Origin };
  return { told, of: new FilmProgress(announce as FilmAnnouncements, [work]) };
}

describe('the progress of a film', () => {
  it('estimates the rest from the speed of the present phase, and nothing before it knows that', () => {
    const { told, of } = progress();
    const cutting = of.phase(50);
    for (const percent of [20, 40, 80]) {
      vi.advanceTimersByTime(2000 * (percent > 40 ? 2 : 1));
      cutting(percent);
    }
    // 20 % of the phase in 2 s are 10 % of the whole: 90 % more take 18 s
    expect(told).toEqual([
      { percent: 0 },
      { percent: 10, remainingMs: 18_000 },
      { percent: 20, remainingMs: 16_000 },
      { percent: 40, remainingMs: 12_000 },
    ]);
    vi.advanceTimersByTime(2000);
    const measuring = of.phase(100);
    vi.advanceTimersByTime(4000);
    measuring(20); // five times as slow: the estimate of the former phase does not count any more
    expect(told.slice(4)).toEqual([{ percent: 50 }, { percent: 60, remainingMs: 16_000 }]);
  });

  it('goes never back, tells whole percents only and at most one a second, and forgets a phase that is over', () => {
    const { told, of } = progress();
    const first = of.phase(50);
    for (let ms = 0; ms < 3000; ms += 100) {
      vi.advanceTimersByTime(100);
      first(ms / 30);
      first(1);
    }
    expect(told.length).toBeLessThanOrEqual(4);
    const second = of.phase(100);
    vi.advanceTimersByTime(2000);
    first(99);
    second(10);
    const percents = told.map(({ percent }) => percent);
    expect(percents).toEqual([...percents].sort((a, b) => a - b));
    expect(percents.at(-1)).toBe(55);
    expect(percents.every(Number.isInteger)).toBe(true);
  });
});
