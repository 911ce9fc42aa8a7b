import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PastViewers } from './past-viewers.ts';
import { ViewerJournal } from './viewer-journal.ts';

describe('looking back', () => {
  const told: string[] = [];
  const journal = new ViewerJournal({
    watches: ({ who, sourceId, transport }) => void told.push(`${who} ${sourceId} ${transport}`),
    watched: ({ who, watchedMs }) => void told.push(`${who} left after ${watchedMs}`),
  });
  const request = { who: 'dr-a', stationId: 'or-1', sourceId: 'scope', from: '10.0.0.7 Firefox' };

  beforeEach(() => {
    told.length = 0;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(() => vi.useRealTimers());

  it('is one watching for as long as requests come, until the last picture', () => {
    const viewers = new PastViewers(journal);
    viewers.asked(request);
    expect(told).toEqual([]);
    for (let i = 0; i < 10; i++) {
      viewers.saw(request);
      vi.advanceTimersByTime(20_000);
    }
    // Paused: the playlist is asked for, no picture is seen.
    for (let i = 0; i < 5; i++) {
      viewers.asked(request);
      vi.advanceTimersByTime(20_000);
    }
    expect(told).toEqual(['dr-a scope hls']);
    vi.advanceTimersByTime(30_000);
    expect(told).toEqual(['dr-a scope hls', 'dr-a left after 180000']);
    expect(viewers.count).toBe(0);
  });

  it('of two screens, or of two sources, is two', () => {
    const viewers = new PastViewers(journal);
    viewers.saw(request);
    viewers.saw({ ...request, from: '10.0.0.8 Firefox' });
    viewers.saw({ ...request, sourceId: 'room' });
    viewers.saw(request);
    expect(told).toEqual(['dr-a scope hls', 'dr-a scope hls', 'dr-a room hls']);
  });

  it('ends with the service', () => {
    new PastViewers(journal).saw(request);
    vi.advanceTimersByTime(1_000);
    journal.close();
    expect(told.at(-1)).toBe('dr-a left after 1000');
  });
});
