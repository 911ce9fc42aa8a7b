import { describe, expect, it } from 'vitest';
import { frameRange, instant, ringRange } from './ring-range.ts';

const at = '2026-11-23T10:00:00.040Z';

describe('a range on the command line', () => {
  it('is the last seconds, a stretch of time, or frames of the first camera', () => {
    expect(ringRange({ seconds: 120 }, undefined)).toEqual({ lastSeconds: 120 });
    expect(ringRange({ seconds: 120, from: at, to: at }, undefined)).toEqual({ from: at, to: at });
    expect(ringRange({ seconds: 120, from: at, to: at, exact: true }, undefined)).toMatchObject({ exact: true });
    const frames = { from: 3, to: 9 };
    expect(ringRange({ seconds: 120, since: at, frames }, ['scope', 'room'])).toEqual({
      frames: { sourceId: 'scope', since: at, ...frames },
    });
  });

  it.each([
    [{ frames: { from: 1, to: 2 } }, ['scope'], /--frames and --since belong together/],
    [{ since: at }, ['scope'], /--frames and --since belong together/],
    [{ since: at, frames: { from: 1, to: 2 } }, undefined, /needs --sources/],
    [{ since: at, frames: { from: 1, to: 2 }, from: at, to: at }, ['scope'], /excludes --from and --to/],
    [{ from: at }, undefined, /--from and --to belong together/],
    [{ exact: true }, undefined, /--exact belongs to --from and --to/],
  ])('%j is refused', (options, sources, why) =>
    expect(() => ringRange({ seconds: 120, ...options }, sources)).toThrow(why),
  );

  it('has frames with an exclusive end, and times with their zone', () => {
    expect(frameRange('0-1')).toEqual({ from: 0, to: 1 });
    for (const bad of ['5', '5-5', '9-3', 'a-b', '-1-4']) expect(() => frameRange(bad)).toThrow(/two frame numbers/);
    expect(instant('2026-11-23T11:00:00.040+01:00')).toBe(at);
    for (const bad of ['2026-11-23', '2026-11-23T10:00', '10:00Z', 'now']) expect(() => instant(bad)).toThrow(/zone/);
  });
});
