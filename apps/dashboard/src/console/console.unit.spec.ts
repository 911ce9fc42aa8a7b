import { describe, expect, it } from 'vitest';
import { clip, station } from '../../test/fixture-data.ts';
import { actionFor, DEBOUNCE_MS, debouncer } from './keymap.ts';
import { availableMs, openFailures, recordableMs, savePhase } from './saves.ts';

const key = (name: string, more = {}) => ({
  key: name,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  repeat: false,
  ...more,
});
const attempt = { clipId: clip(1).clipId, seconds: 120, startedAt: 1_000 };
const requested = () => {
  const { savedAt: _savedAt, ...rest } = clip(1, { state: 'requested' });
  return rest;
};

describe('a press of the save button', () => {
  it('is saving until the server says saved', () => {
    expect(savePhase(attempt, undefined, 4_000)).toEqual({ phase: 'saving', forMs: 3_000 });
    expect(savePhase(attempt, requested(), 4_000).phase).toBe('saving');
    expect(savePhase(attempt, clip(1, { state: 'saved' }), 4_000).phase).toBe('saved');
  });

  it('is saved when the feed says so, even when the answer to the request was lost', () => {
    expect(savePhase({ ...attempt, refused: 'no answer' }, clip(1, { state: 'saved' }), 4_000).phase).toBe('saved');
  });

  it('stays saved when only what follows failed', () => {
    expect(savePhase(attempt, clip(1, { state: 'failed' }), 4_000).phase).toBe('saved');
  });

  it('is failed with the reason when refused or failed', () => {
    expect(savePhase({ ...attempt, refused: 'no procedure' }, undefined, 0)).toEqual({
      phase: 'failed',
      reason: 'no procedure',
    });
    const failed = { ...requested(), state: 'failed' as const, failure: { code: 'x', reason: 'disk full' } };
    expect(savePhase(attempt, failed, 0)).toEqual({ phase: 'failed', reason: 'disk full' });
  });
});

describe('failures', () => {
  const failed = { ...requested(), state: 'failed' as const, failure: { code: 'x', reason: 'disk full' } };

  it('stay until acknowledged, whoever pressed', () => {
    expect(openFailures([], [], [failed], new Set())).toMatchObject([{ reason: 'disk full' }]);
    expect(openFailures([attempt], [], [failed], new Set())).toMatchObject([{ reason: 'disk full', seconds: 120 }]);
    expect(openFailures([attempt], [], [failed], new Set([failed.clipId]))).toEqual([]);
  });

  it('do not name a clip whose video is safe', () => {
    expect(openFailures([], [], [clip(1, { state: 'failed' })], new Set())).toEqual([]);
  });
});

describe('available time', () => {
  const window = (first: number, second: number) => ({
    stationId: 'or-1',
    windowMs: 900_000,
    sources: [
      { sourceId: 'endoscope', availableMs: first, fragments: 1, bytes: 1 },
      { sourceId: 'room', availableMs: second, fragments: 1, bytes: 1 },
    ],
  });

  it('is the least of the live sources; a camera that is off hides nothing', () => {
    expect(availableMs(station({ window: window(400_000, 90_000) }))).toBe(90_000);
    const [endoscope, room] = station().sources;
    const sources = [endoscope!, { ...room!, state: 'offline' as const }];
    expect(availableMs(station({ sources, window: window(400_000, 0) }))).toBe(400_000);
  });

  it('is unknown without a window', () => {
    const { window: _window, ...rest } = station();
    expect(availableMs(rest)).toBeUndefined();
  });
});

describe('space left', () => {
  it('counts what all sources write together, and is unknown where the station does not say', () => {
    const sources = station().sources.map((source) => ({ ...source, bitrate: 5_000_000 }));
    expect(recordableMs({ sources, diskFreeBytes: 1_250_000 * 60 })).toBe(60_000);
    expect(recordableMs({ sources })).toBeUndefined();
    expect(recordableMs({ sources: [], diskFreeBytes: 1 })).toBeUndefined();
  });
});

describe('keys', () => {
  it('map to actions; digits to lengths', () => {
    expect(actionFor(key('s'))).toEqual({ do: 'save', seconds: undefined });
    expect(actionFor(key('S'))).toEqual({ do: 'save', seconds: undefined });
    expect(actionFor(key('1'))).toEqual({ do: 'save', seconds: 30 });
    expect(actionFor(key('5'))).toEqual({ do: 'save', seconds: 600 });
    expect(actionFor(key('6'))).toBeUndefined();
    expect(actionFor(key('r'))).toEqual({ do: 'record' });
  });

  it('never act while held down, with a modifier, or on Delete', () => {
    expect(actionFor(key('s', { repeat: true }))).toBeUndefined();
    expect(actionFor(key('s', { ctrlKey: true }))).toBeUndefined();
    expect(actionFor(key('Delete'))).toBeUndefined();
    expect(actionFor(key('Backspace'))).toBeUndefined();
  });

  it('count a bouncing press once', () => {
    let now = 0;
    const first = debouncer(() => now);
    expect(first('save')).toBe(true);
    now = DEBOUNCE_MS - 1;
    expect(first('save')).toBe(false);
    expect(first('record')).toBe(true);
    now = DEBOUNCE_MS;
    expect(first('save')).toBe(true);
  });
});
