import { describe, expect, it } from 'vitest';
import { CaptureFirst } from './capture-first.ts';

/** What is said each second, and whether it is closed then. */
function told(bound: number, late: readonly number[]): string {
  const first = new CaptureFirst(bound);
  return late
    .map((ms, second) => {
      first.note(ms, second * 1_000);
      return first.closed ? 'x' : '.';
    })
    .join('');
}

describe('capture comes first', () => {
  it('a hiccup closes nothing', () => {
    expect(told(100, [0, 800, 800, 0, 800, 800, 99, 0])).toBe('........');
  });

  it('closes after two seconds, opens after five punctual ones', () => {
    expect(told(100, [100, 100, 100, 10, 10, 10, 10, 10, 10, 10])).toBe('..xxxxxx..');
  });

  it('stays as it is between both bounds', () => {
    expect(told(100, [200, 200, 200, 60, 60, 60, 60, 60, 60, 60, 60])).toBe('..xxxxxxxxx');
    expect(told(100, [60, 60, 60, 60])).toBe('....');
  });

  it('without a bound never closes', () => {
    expect(told(0, [900, 900, 900, 900])).toBe('....');
  });
});
