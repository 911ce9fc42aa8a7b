import { ClipState } from '@smartbox/contracts';
import { describe, expect, it } from 'vitest';
import { isSaved, journeyPoints } from './clip-state.ts';

describe('journey of a clip', () => {
  const marks = { done: 'x', active: 'o', ahead: '-', failed: '!' } as const;
  const line = (state: ClipState, savedAt?: string) =>
    journeyPoints({ state, ...(savedAt ? { savedAt } : {}) })
      .map((p) => marks[p.state])
      .join('');

  it('shows how far it has come', () => {
    expect(Object.fromEntries(ClipState.options.map((state) => [state, line(state)]))).toEqual({
      requested: 'o---',
      recording: 'o---',
      saved: 'xo--',
      prepared: 'xx--',
      sending: 'xxo-',
      sent: 'xxx-',
      archived: 'xxxx',
      failed: '!---',
    });
  });

  it('never takes "saved" away from a clip whose video is safe', () => {
    expect(line('failed', '2026-11-23T10:00:00Z')).toBe('x!--');
    expect(isSaved({ state: 'failed', savedAt: '2026-11-23T10:00:00Z' })).toBe(true);
    expect(isSaved({ state: 'failed' })).toBe(false);
    expect(isSaved({ state: 'requested' })).toBe(false);
  });
});
