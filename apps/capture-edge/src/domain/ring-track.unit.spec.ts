import { describe, expect, it } from 'vitest';
import { RingTrack } from './ring-track.ts';

const fragment = {
  procedureId: 'P1',
  run: 'a',
  baseTicks: 90_000,
  duration: 90_000,
  frameTicks: 3000,
  keyframe: true,
  capturedAt: new Date(1_000_000),
};
const track = (): RingTrack => {
  let n = 0;
  return new RingTrack(() => `E${++n}`, 'boot-1');
};

describe('RingTrack', () => {
  it('numbers what follows without a gap', () => {
    const t = track();
    expect(t.place(fragment)).toEqual({ epoch: 'E1', sequence: 0, gapBefore: 0, gapReason: 'none' });
    expect(t.place({ ...fragment, baseTicks: 180_000, keyframe: false })).toMatchObject({
      epoch: 'E1',
      sequence: 1,
      gapBefore: 0,
    });
  });

  it('marks the time that a restarted worker has lost, in a new epoch', () => {
    const t = track();
    t.place(fragment);
    expect(t.place({ ...fragment, run: 'b', baseTicks: 270_000 })).toEqual({
      epoch: 'E2',
      sequence: 0,
      gapBefore: 90_000,
      gapReason: 'source-restarted',
    });
    expect(t.place({ ...fragment, run: 'b', baseTicks: 450_000 })).toMatchObject({
      epoch: 'E2',
      sequence: 1,
      gapBefore: 90_000,
      gapReason: 'no-signal',
    });
  });

  it('begins a procedure without a gap, and with a keyframe', () => {
    const t = track();
    t.place(fragment);
    expect(t.place({ ...fragment, procedureId: 'P2', baseTicks: 990_000, keyframe: false })).toBeNull();
    expect(t.place({ ...fragment, procedureId: 'P2', baseTicks: 990_000 })).toMatchObject({
      epoch: 'E2',
      sequence: 0,
      gapBefore: 0,
    });
  });

  it('sees the gap of a restarted service, and of a rebooted machine by the wall clock', () => {
    const end = { procedureId: 'P1', endTicks: 180_000, endedAt: new Date(1_000_000).toISOString(), bootId: 'boot-1' };
    const same = new RingTrack(() => 'E', 'boot-1', end);
    expect(same.place({ ...fragment, baseTicks: 450_000 })).toMatchObject({
      gapBefore: 270_000,
      gapReason: 'source-restarted',
    });
    const rebooted = new RingTrack(() => 'E', 'boot-2', end);
    expect(rebooted.place({ ...fragment, baseTicks: 100, capturedAt: new Date(1_002_000) })).toMatchObject({
      gapBefore: 180_000,
    });
  });
});
