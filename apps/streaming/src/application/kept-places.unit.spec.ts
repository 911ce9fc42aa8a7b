import { describe, expect, it, vi } from 'vitest';
import { KeptPlaces } from './kept-places.ts';

describe('the place of somebody who watches', () => {
  it('is taken once, source by source', () => {
    const places = new KeptPlaces();
    places.taken('s', ['scope', 'room']);
    expect(places.take([], ['scope'])).toBe(false);
    expect(places.take(['other'], ['scope'])).toBe(false);
    expect(places.take(['s'], ['scope'])).toBe(true);
    expect(places.take(['s'], ['scope'])).toBe(false);
    expect(places.take(['s'], ['room'])).toBe(true);
  });

  it('is given for all that is asked for, or not at all', () => {
    const places = new KeptPlaces();
    places.taken('s', ['scope']);
    places.taken('t', ['room']);
    expect(places.take(['s'], ['scope', 'room'])).toBe(false);
    expect(places.take(['s', 't'], ['scope', 'room'])).toBe(true);
  });

  it('is gone half a minute after the session', () => {
    vi.useFakeTimers();
    const places = new KeptPlaces();
    for (const session of ['s', 't']) places.taken(session, ['scope']);
    places.left('s');
    vi.advanceTimersByTime(31_000);
    expect([places.take(['s'], ['scope']), places.take(['t'], ['scope'])]).toEqual([false, true]);
    vi.useRealTimers();
  });
});
