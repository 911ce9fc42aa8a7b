import { newId } from '@smartbox/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DELAY_MS, message, steady, T0, type Message } from '../test/synthetic-ring.ts';
import { planClip, planRecording, planStill, type ClipPlan, type ClipRequest } from './index.ts';

const at = (seconds: number) => new Date(T0 + seconds * 1000).toISOString();
const last = (seconds: number, anchor: number): Pick<ClipRequest, 'range' | 'anchorMs'> => ({
  range: { lastMs: seconds * 1000 },
  anchorMs: T0 + anchor * 1000 + DELAY_MS,
});
const plan = (entries: readonly Message[], request: Omit<ClipRequest, 'sources'>, sources = ['cam']): ClipPlan =>
  planClip(entries, { sources, ...request });
const seconds = (ns: bigint | undefined) => Number(ns ?? -1n) / 1e9;

describe('the last N', () => {
  it('counts back from the press on the broker clock, to the frame', () => {
    const { sources, savedMs, truncated } = plan(steady(60), last(10, 45.5));
    expect(seconds(sources[0]?.startNs)).toBe(35);
    expect(seconds(sources[0]?.endNs)).toBeCloseTo(45.5, 6);
    expect(savedMs).toBeCloseTo(10_500, 3);
    expect(truncated).toBe(false);
  });

  it('ends with what is there when the last GOP is not published yet', () => {
    const { sources, truncated } = plan(steady(20), last(10, 20.9));
    expect(seconds(sources[0]?.endNs)).toBe(20);
    expect(seconds(sources[0]?.startNs)).toBe(10);
    expect(truncated).toBe(false);
  });

  it('says how much there was when less is there than asked', () => {
    const { requestedMs, savedMs, truncated } = plan(steady(20), last(120, 20));
    expect({ requestedMs, savedMs, truncated }).toEqual({ requestedMs: 120_000, savedMs: 20_000, truncated: true });
  });

  it('does not care about the wall clock of the station', () => {
    const jumped = steady(60).map((entry, index) => {
      const capturedAt = new Date(Date.parse(entry.headers.capturedAt) + (index > 30 ? 3_600_000 : -3_600_000));
      return { ...entry, headers: { ...entry.headers, capturedAt: capturedAt.toISOString() } };
    });
    const { sources, savedMs } = plan(jumped, last(40, 60));
    expect([seconds(sources[0]?.startNs), seconds(sources[0]?.endNs), savedMs]).toEqual([20, 60, 40_000]);
  });

  it('takes two sources over the same range to within one frame', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 33 }), fc.integer({ min: 20_000, max: 59_000 }), (offset, pressed) => {
        const entries = [...steady(60, { source: 'a' }), ...steady(60, { source: 'b', fromMs: offset, from: 100 })];
        const { sources } = plan(entries, last(10, pressed / 1000), ['a', 'b']);
        const [a, b] = sources;
        const frame = 1 / 30 + 1e-6;
        expect(Math.abs(seconds(a?.endNs) - seconds(b?.endNs))).toBeLessThanOrEqual(frame);
        expect(Math.abs(seconds(a?.startNs) - seconds(b?.startNs))).toBeLessThanOrEqual(frame);
      }),
    );
  });

  it('lists a source that has nothing, with the reason, and saves the others', () => {
    const gone = steady(5, { source: 'gone' });
    const { sources, missing } = plan([...steady(60), ...gone], last(10, 60), ['cam', 'gone', 'never']);
    expect(sources.map(({ sourceId }) => sourceId)).toEqual(['cam']);
    expect(missing).toEqual([
      { sourceId: 'gone', reason: 'nothing in this range' },
      { sourceId: 'never', reason: 'nothing in the ring' },
    ]);
  });
});

describe('from and to', () => {
  it('means capture time', () => {
    const { sources, savedMs } = plan(steady(60), { range: { from: at(20), to: at(30) }, anchorMs: T0 + 60_000 });
    expect([seconds(sources[0]?.startNs), seconds(sources[0]?.endNs), savedMs]).toEqual([20, 30, 10_000]);
  });

  it.each([
    ['range-in-future', at(30), at(90)],
    ['range-empty', at(30), at(20)],
    ['range-not-available', at(-50), at(-40)],
  ])('refuses: %s', (code, from, to) => {
    expect(() => plan(steady(60), { range: { from, to }, anchorMs: T0 + 60_000 })).toThrow(
      expect.objectContaining({ code, fault: 'input' }),
    );
  });

  it('says what there is when there is nothing in the range', () => {
    expect(() => plan([], last(10, 60))).toThrow(/holds nothing of cam/);
  });
});

describe('a still', () => {
  const frameOf = (request: Parameters<typeof planStill>[1]) => {
    const [source] = planStill(steady(60), request).sources;
    return { first: source?.fragments[0]?.entry.headers.sequence, frames: source?.frames };
  };

  it('is the last frame of a plan of one GOP', () => {
    expect(frameOf({ sources: ['cam'], at: { wallMs: T0 + 30_500 } })).toEqual({ first: 30, frames: 15 });
    expect(frameOf({ sources: ['cam'], at: { brokerMs: T0 + 45_550 + DELAY_MS } })).toEqual({ first: 45, frames: 17 });
    expect(frameOf({ sources: ['cam'], at: { brokerMs: T0 + 60_900 } })).toEqual({ first: 59, frames: 30 });
  });
});

describe('a recording', () => {
  it('lies between the two presses', () => {
    const request = { sources: ['cam'], startMs: T0 + 10_500 + DELAY_MS, stopMs: T0 + 50_500 + DELAY_MS };
    const { sources, requestedMs: wanted, truncated } = planRecording(steady(60), request);
    expect([seconds(sources[0]?.startNs), seconds(sources[0]?.endNs)]).toEqual([10, 50.5]);
    expect({ wanted, truncated }).toEqual({ wanted: 40_000, truncated: false });
  });
});

describe('gaps', () => {
  const restarted = () => [
    ...steady(10),
    ...steady(10, { fromMs: 14_200, from: 11, epoch: newId(), gapReason: 'source-restarted' }).map((entry, index) =>
      index === 0 ? entry : { ...entry, headers: { ...entry.headers, gapReason: 'none' as const } },
    ),
  ];

  it('keeps real time over a restart and says where, how long and why', () => {
    const { sources, savedMs } = plan(restarted(), last(24.2, 24.2));
    expect(sources[0]?.gaps).toEqual([{ atMs: 10_000, durationMs: 4200, reason: 'source-restarted' }]);
    expect(savedMs).toBe(24_200);
    expect(sources[0]?.frames).toBe(600);
  });

  it('sees a lost fragment', () => {
    const entries = steady(10).filter(({ headers }) => headers.sequence !== 4);
    expect(plan(entries, last(10, 10)).sources[0]?.gaps).toEqual([
      { atMs: 4000, durationMs: 1000, reason: 'fragment-lost' },
    ]);
  });

  it('leaves out a continuation whose beginning is lost', () => {
    const epoch = newId();
    const part = (sequence: number, keyframe: boolean) =>
      message(
        {
          epoch,
          sequence,
          keyframe,
          baseTime: sequence * 45_000,
          monotonicNs: BigInt(sequence) * 500_000_000n,
          durations: new Array<number>(15).fill(3000),
          sizes: new Array<number>(15).fill(50),
        },
        sequence + 1,
      );
    const entries = [part(0, true), part(1, false), part(2, true), part(3, false), part(4, false), part(5, true)];
    const { sources } = plan(entries.toSpliced(3, 1), last(3, 3));
    expect(sources[0]?.fragments.map(({ entry }) => entry.headers.sequence)).toEqual([0, 1, 2, 5]);
    expect(sources[0]?.gaps).toEqual([{ atMs: 1500, durationMs: 1000, reason: 'fragment-lost' }]);
  });

  it('goes on after a reboot of the station, whose monotonic clock begins anew', () => {
    const before = steady(10, { fromMs: 500_000 });
    const after = steady(10, { fromMs: 3000, from: 11, epoch: newId() }).map((entry) => ({
      ...entry,
      brokerMs: entry.brokerMs + 527_000, // 20 s away
    }));
    const { sources } = plan([...before, ...after], last(40, 540));
    expect(sources[0]?.gaps).toEqual([{ atMs: 10_000, durationMs: 20_000, reason: 'source-restarted' }]);
  });

  it('does not begin with a stretch that ended before the range', () => {
    const { sources } = plan(restarted(), last(12, 24.2));
    expect(seconds(sources[0]?.startNs)).toBeCloseTo(14.2, 6);
    expect(sources[0]?.gaps).toEqual([]);
  });
});

describe('an exact range', () => {
  const SECONDS = 6;
  const messages = steady(SECONDS);
  const at = (frame: number) => T0 + (frame * 1000) / 30;
  const label = (frame: number) => new Date(at(frame)).toISOString();

  it('begins with the very frame, wherever in its GOP, and ends before the other', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30 * SECONDS - 1 }), fc.integer({ min: 1, max: 90 }), (from, length) => {
        const to = Math.min(30 * SECONDS, from + length);
        const range = { from: label(from), to: label(to), exact: true };
        const { sources, requestedMs } = planClip(messages, { sources: ['cam'], range, anchorMs: at(30 * SECONDS) });
        const [plan] = sources;
        if (!plan) throw new Error('nothing planned');
        expect(plan.frames).toBe(to - from);
        expect(Math.abs(requestedMs - plan.durationMs)).toBeLessThanOrEqual(1);
        expect(plan.head?.lead ?? 0).toBe(from % 30);
        const heads = plan.head?.fragments.flatMap(({ sizes }) => sizes).length ?? 0;
        const rest = plan.fragments.flatMap(({ sizes }) => sizes).length;
        expect(heads - (plan.head?.lead ?? 0) + rest).toBe(to - from);
        expect(plan.fragments.every(({ entry }) => entry.headers.keyframe)).toBe(true);
      }),
    );
  });

  it('counts frames of one source for all', () => {
    const range = { sourceId: 'cam', since: label(17), frames: { from: 5, to: 65 } };
    const { sources, exact } = planClip(messages, { sources: ['cam'], range, anchorMs: at(180) });
    expect(exact).toBe(true);
    expect(sources[0]).toMatchObject({ frames: 60, head: { lead: 22 } });
  });
});
