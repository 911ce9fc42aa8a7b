import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newId } from '@smartbox/kernel';
import { PROCEDURE, steady, T0 } from '../../../../libs/recording/test/synthetic-ring.ts';
import { belongsTo, cutSegments, type RecordingState } from './recording.ts';

const state: RecordingState = {
  clipId: newId(),
  stationId: 'or-1',
  procedureId: PROCEDURE,
  sources: ['cam'],
  requestedAt: '2026-01-01T10:00:30.000Z',
  startMs: T0 + 30_000,
};

describe('segments', () => {
  it('hold every message once, in order, whatever comes in which portions', () => {
    const all = steady(80);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 12 }), (portions) => {
        const copied: number[] = [];
        let seen = 0;
        for (const [index, portion] of [...portions, 80].entries()) {
          seen = Math.min(80, seen + portion);
          const pending = all.slice(0, seen).filter(({ streamSequence }) => streamSequence > (copied.at(-1) ?? 0));
          const segments = cutSegments(pending, index === portions.length);
          copied.push(...segments.flat().map(({ streamSequence }) => streamSequence));
        }
        expect(copied).toEqual(all.map(({ streamSequence }) => streamSequence));
      }),
    );
  });
});

describe('a message belongs to a recording', () => {
  const inside = (more: Partial<RecordingState>) =>
    steady(120)
      .filter((entry) => belongsTo({ ...state, ...more }, entry))
      .map(({ headers }) => headers.sequence);

  it('from a little before its start to a little after its end', () => {
    expect([inside({}).at(0), inside({}).at(-1)]).toEqual([19, 119]);
    expect(inside({ stopMs: T0 + 60_000 }).at(-1)).toBe(63);
  });

  it('of its procedure and sources only', () => {
    expect(inside({ procedureId: newId() })).toEqual([]);
    expect(inside({ sources: ['room'] })).toEqual([]);
  });
});
