import type { RingHeaders } from '@smartbox/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DvrIndex } from './dvr-index.ts';
import { dvrPlaylist, listed, trailMs } from './dvr-playlist.ts';

const A = '01JD0000000000000000000000';
const B = '01JD0000000000000000000001';
const T0 = Date.parse('2026-01-05T08:00:00.000Z');

/** A one-second fragment that begins `at` seconds after the start. */
const headers = (at: number, change: Partial<RingHeaders> = {}): RingHeaders => ({
  station: 'or-1',
  source: 'scope',
  procedure: A,
  epoch: A,
  sequence: at,
  capturedAt: new Date(T0 + at * 1000).toISOString(),
  monotonicNs: String(BigInt(Math.round(at * 1e9)) + 5_000_000_000_000n),
  baseTime: Math.round(at * 90_000),
  keyframe: true,
  frames: 30,
  sampleDurations: '3000',
  sampleSizes: '100',
  gapBefore: 0,
  gapReason: 'none',
  initBytes: 700,
  sha256: '0'.repeat(64),
  codec: 'avc1.640029',
  width: 640,
  height: 360,
  frameRate: '30/1',
  encoder: 'libx264',
  ...change,
});

function indexOf(fragments: readonly RingHeaders[], firstSequence = 10): DvrIndex {
  const index = new DvrIndex();
  fragments.forEach((one, i) =>
    index.add({ streamSequence: firstSequence + i * 2, brokerMs: Date.parse(one.capturedAt) + 1200, headers: one }),
  );
  return index;
}
const textOf = (index: DvrIndex, procedure = A, oldest = 0) =>
  dvrPlaylist(listed(index.items, procedure, oldest), { targetSeconds: index.targetSeconds, query: '' });

describe('the past as a playlist', () => {
  it('slides: no type, no end, the moment of every picture, one map for one format', () => {
    const text = textOf(indexOf([headers(0), headers(1)]));
    expect(text).toBe(
      [
        '#EXTM3U',
        '#EXT-X-VERSION:8',
        '#EXT-X-TARGETDURATION:2',
        '#EXT-X-MEDIA-SEQUENCE:320',
        '#EXT-X-DISCONTINUITY-SEQUENCE:0',
        '#EXT-X-INDEPENDENT-SEGMENTS',
        `#EXT-X-MAP:URI="init-${A}.mp4"`,
        '#EXT-X-PROGRAM-DATE-TIME:2026-01-05T08:00:00.000Z',
        '#EXTINF:1.00000,',
        '10.m4s',
        '#EXT-X-PROGRAM-DATE-TIME:2026-01-05T08:00:01.000Z',
        '#EXTINF:1.00000,',
        '12.m4s',
        '',
      ].join('\n'),
    );
  });

  it('says a new epoch: discontinuity, its own map, and the time that is missing between', () => {
    const text = textOf(indexOf([headers(0), headers(4.5, { epoch: B, sequence: 0 })]));
    expect(text.split('\n').slice(7)).toEqual([
      '#EXT-X-PROGRAM-DATE-TIME:2026-01-05T08:00:00.000Z',
      '#EXTINF:1.00000,',
      '10.m4s',
      '#EXT-X-PROGRAM-DATE-TIME:2026-01-05T08:00:01.000Z',
      '#EXT-X-GAP',
      '#EXTINF:2.00000,',
      'gap-321.m4s',
      '#EXT-X-PROGRAM-DATE-TIME:2026-01-05T08:00:03.000Z',
      '#EXT-X-GAP',
      '#EXTINF:1.50000,',
      'gap-322.m4s',
      '#EXT-X-DISCONTINUITY',
      `#EXT-X-MAP:URI="init-${B}.mp4"`,
      '#EXT-X-PROGRAM-DATE-TIME:2026-01-05T08:00:04.500Z',
      '#EXTINF:1.00000,',
      '12.m4s',
      '',
    ]);
  });

  it('never lists a picture of another procedure, nor the pause between two', () => {
    const index = indexOf([headers(0), headers(60, { procedure: B, epoch: B, sequence: 0 })]);
    expect(textOf(index, B)).not.toContain('10.m4s');
    expect(textOf(index, B)).toContain('12.m4s');
    expect(textOf(index, B)).not.toContain('GAP');
    expect(textOf(index, A)).not.toContain('12.m4s');
    expect(index.headerOf(B, A)).toBeUndefined();
    expect(index.headerOf(B, B)?.streamSequence).toBe(12);
  });

  it('leaves out what is about to expire, and does not begin in a hole or within a GOP', () => {
    const index = indexOf([headers(0), headers(6, { keyframe: false, initBytes: 0, sequence: 5 }), headers(7)]);
    const rest = listed(index.items, A, T0 + 1201);
    expect(rest.map((item) => item.streamSequence)).toEqual([14]);
    index.dropBefore(14);
    expect(index.items.map((item) => item.streamSequence)).toEqual([14]);
    expect(trailMs(600_000)).toBe(15_000);
    expect(trailMs(20_000)).toBe(5_000);
  });

  it('takes a repeated and a late message once', () => {
    const index = indexOf([headers(0), headers(1), headers(1), headers(0), headers(2)]);
    expect(index.items.map((item) => item.streamSequence)).toEqual([10, 12, 18]);
  });

  it('counts without holes, and a restarted service never counts back', () => {
    const steps = fc.array(fc.record({ pause: fc.constantFrom(0, 0, 0, 0.7, 5, 500), restart: fc.boolean() }), {
      minLength: 2,
      maxLength: 30,
    });
    fc.assert(
      fc.property(steps, fc.nat(), (path, cut) => {
        let at = 0;
        let epoch = 0;
        let sequence = 0;
        const fragments = path.map(({ pause, restart }) => {
          at += pause;
          if (restart) {
            epoch += 1;
            sequence = 0;
          }
          const one = headers(at, { sequence, epoch: `${A.slice(0, -2)}${String(epoch).padStart(2, '0')}` });
          sequence += 1;
          at += 1;
          return one;
        });
        const whole = indexOf(fragments);
        const ordinals = whole.items.map((item) => item.ordinal);
        expect(ordinals).toEqual(ordinals.map((_, i) => (ordinals[0] ?? 0) + i));
        for (const item of whole.items) expect(Math.round(item.seconds)).toBeLessThanOrEqual(whole.targetSeconds);
        const from = cut % fragments.length;
        const again = indexOf(fragments.slice(from), 10 + from * 2);
        const before = whole.items.find((item) => item.streamSequence === 10 + from * 2);
        expect(again.items[0]?.ordinal).toBeGreaterThanOrEqual(before?.ordinal ?? Infinity);
      }),
      { numRuns: 50 },
    );
  });
});
