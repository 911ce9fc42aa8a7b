import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { correction, covers, groupLength, membersOf, seekTime, stepGroup } from './group-time.ts';

const source = (startedAt: string, durationMs: number, num = 30, den = 1) => ({
  startedAt,
  durationMs,
  frameRate: { num, den },
});
const two = membersOf([source('2026-11-23T10:00:00.200Z', 10_000), source('2026-11-23T10:00:00.000Z', 8_000, 25)]);

describe('members of a clip group', () => {
  it('lie where they were captured', () => {
    expect(two).toEqual([
      { offset: 0.2, length: 10, fps: 30 },
      { offset: 0, length: 8, fps: 25 },
    ]);
    expect(groupLength(two)).toBeCloseTo(10.2);
    expect(two.map((member) => covers(member, 0.1))).toEqual([false, true]);
    expect(two.map((member) => covers(member, 9))).toEqual([true, false]);
  });

  it('show the frame of the same moment, in the middle of it', () => {
    expect(seekTime(two[0]!, 0)).toBeCloseTo(0.5 / 30);
    expect(seekTime(two[0]!, 1.2)).toBeCloseTo(30.5 / 30);
    expect(seekTime(two[1]!, 1.2)).toBeCloseTo(30.5 / 25);
    expect(seekTime(two[1]!, 100)).toBeCloseTo(199.5 / 25);
  });

  it('step frame by frame of the leading one, each once, there and back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 7, max: 290 }), fc.constantFrom(24, 25, 30, 30000 / 1001, 60), (frame, fps) => {
        const leader = { offset: 0.1, length: 20, fps };
        const at = leader.offset + frame / fps;
        const there = stepGroup(leader, at, 1, 20);
        expect(Math.floor(seekTime(leader, there) * fps)).toBe(Math.floor(seekTime(leader, at) * fps) + 1);
        expect(stepGroup(leader, there, -1, 20)).toBeCloseTo(at);
      }),
    );
  });

  it('are brought together gently, and by a seek when far apart', () => {
    expect(correction(0.01, 30, 1)).toEqual({ do: 'nothing' });
    expect(correction(0.05, 30, 1)).toEqual({ do: 'rate', rate: 0.9 });
    expect(correction(-0.1, 30, 2)).toEqual({ do: 'rate', rate: 2.4 });
    expect(correction(1, 30, 1)).toEqual({ do: 'seek' });
  });
});
