import { describe, expect, it } from 'vitest';
import { explicitRange, lengthOf } from './clip-range.ts';

const [from, to] = ['2026-11-23T10:00:00.000Z', '2026-11-23T10:00:12.500Z'];
const frames = { sourceId: 'scope', since: from, from: 10, to: 40 };
const now = new Date('2026-11-23T10:01:00.000Z');

describe('a range of the ring', () => {
  it.each([
    [{}, undefined],
    [{ lastSeconds: 90 }, { lastMs: 90_000 }],
    [
      { from, to },
      { from, to },
    ],
    [
      { from, to, exact: true },
      { from, to, exact: true },
    ],
    [
      { from, to, exact: false },
      { from, to },
    ],
    [{ frames }, { sourceId: 'scope', since: from, frames: { from: 10, to: 40 } }],
  ])('%j is %j', (asked, range) => expect(explicitRange(asked)).toEqual(range));

  it.each([
    [{ lastSeconds: 5, from, to }, /exclude each other/],
    [{ lastSeconds: 5, frames }, /exclude each other/],
    [{ frames, from, to }, /exclude each other/],
    [{ from }, /from and to belong together: got from 2026.*, to nothing/],
    [{ to }, /got from nothing/],
    [{ exact: true }, /exact belongs to from and to/],
    [{ lastSeconds: 5, exact: true }, /exact belongs to from and to/],
  ])('%j is refused', (asked, why) => expect(() => explicitRange(asked)).toThrow(why));

  it('has a length, but where frames are counted', () => {
    expect(lengthOf({ lastMs: 5000 }, now)).toBe(5000);
    expect(lengthOf({ from, to, exact: true }, now)).toBe(12_500);
    expect(lengthOf({ sourceId: 'scope', since: from, frames: { from: 0, to: 1 } }, now)).toBeNull();
    expect(() => lengthOf({ from: to, to: from }, now)).toThrow(/is empty/);
    expect(() => lengthOf({ from, to: '2026-11-23T10:01:03.000Z' }, now)).toThrow(/it is 2026-11-23T10:01:00.000Z now/);
  });
});
