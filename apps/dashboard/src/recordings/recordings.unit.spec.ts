import { describe, expect, it } from 'vitest';
import { errorOf, retryAfterMs } from '../api/errors.ts';
import { clipDetail, clips } from '../../test/fixture-data.ts';
import { direction, nextSort, parseSort } from './sorting.ts';
import { layOut } from './waterfall.ts';

describe('waterfall', () => {
  it('lays the steps out on one axis', () => {
    const { bars, totalMs } = layOut(clipDetail(clips[0]!).journey, Date.now());
    expect(totalMs).toBe(4_800);
    expect(bars[0]).toMatchObject({ left: 0, durationMs: 910 });
    for (const bar of bars) {
      expect(bar.left).toBeGreaterThanOrEqual(0);
      expect(bar.left + bar.width).toBeLessThanOrEqual(100.0001);
    }
  });

  it('lets an open step run until now, and survives a journey without steps', () => {
    const startedAt = '2026-11-23T10:00:00.000Z';
    const { bars } = layOut([{ stage: 'send', startedAt, failed: false }], Date.parse(startedAt) + 2_500);
    expect(bars).toMatchObject([{ durationMs: 2_500, running: true }]);
    expect(layOut([], 0)).toEqual({ bars: [], totalMs: 0 });
  });
});

describe('sorting', () => {
  it('is the newest first unless the URL says otherwise', () => {
    expect(direction('', 'requestedAt')).toBe('descending');
    expect(nextSort('', 'requestedAt')).toBe('requestedAt');
    expect(nextSort('requestedAt', 'requestedAt')).toBe('');
    expect(nextSort('', 'size')).toBe('-size');
    expect(nextSort('-size', 'size')).toBe('size');
    expect(parseSort('drop table')).toBeUndefined();
  });
});

describe('refusals', () => {
  it('quote the problem document, or the status where there is none', () => {
    const response = { status: 409, statusText: 'Conflict', headers: new Headers({ 'retry-after': '3' }) };
    const problem = {
      type: 'about:blank',
      title: 'Refused',
      status: 409,
      code: 'recording-runs',
      detail: 'it records',
    };
    expect(errorOf(response, problem)).toMatchObject({
      code: 'recording-runs',
      message: 'it records',
      retryAfterMs: 3000,
    });
    expect(errorOf(response, '<html>')).toMatchObject({ code: 'http-409', message: 'Conflict' });
  });

  it('read Retry-After as seconds or as a date', () => {
    const now = Date.parse('2026-11-23T10:00:00Z');
    expect(retryAfterMs('2', now)).toBe(2_000);
    expect(retryAfterMs('Mon, 23 Nov 2026 10:00:05 GMT', now)).toBe(5_000);
    expect(retryAfterMs('soon', now)).toBeUndefined();
    expect(retryAfterMs(null, now)).toBeUndefined();
  });
});
