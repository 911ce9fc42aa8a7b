import { describe, expect, it } from 'vitest';
import { codecName, FrameDelays, readReceiver } from './figures.ts';

const report = (...entries: Record<string, unknown>[]) =>
  new Map(entries.map((entry) => [String(entry['id']), entry])) as unknown as RTCStatsReport;

describe('the figures of a receiver', () => {
  it('takes the codec that is received, the pair that is used, and the mean wait', () => {
    const found = readReceiver(
      report(
        { id: 'c1', type: 'codec', mimeType: 'video/VP8' },
        { id: 'c2', type: 'codec', mimeType: 'video/H264' },
        { id: 'p1', type: 'candidate-pair', nominated: false, currentRoundTripTime: 0.9 },
        { id: 'p2', type: 'candidate-pair', nominated: true, currentRoundTripTime: 0.0042 },
        {
          id: 'i',
          type: 'inbound-rtp',
          codecId: 'c2',
          packetsReceived: 9_997,
          packetsLost: 3,
          jitterBufferDelay: 3.6,
          jitterBufferEmittedCount: 300,
        },
      ),
    );
    expect(found).toEqual({
      codec: 'H.264',
      packetsReceived: 9_997,
      packetsLost: 3,
      jitterBufferMs: 12,
      roundTripMs: 4,
    });
  });

  it('says nothing of what is not known', () => {
    for (const nothing of [undefined, report({ id: 'i', type: 'inbound-rtp', jitterBufferEmittedCount: 0 })])
      expect(Object.values(readReceiver(nothing)).every((value) => value === undefined)).toBe(true);
  });

  it.each([
    ['avc1.64001f', 'H.264'],
    ['video/h264', 'H.264'],
    ['hvc1.1.6.L93.B0', 'H.265'],
    ['av01.0.08M.08', 'AV1'],
    ['video/VP8', 'VP8'],
  ])('%s is read as %s', (named, read) => expect(codecName(named)).toBe(read));

  it('judges the latest pictures only', () => {
    const delays = new FrameDelays();
    expect(delays.told).toBeUndefined();
    delays.note(900);
    for (let ms = 1; ms <= 120; ms += 1) delays.note(ms);
    expect(delays.told).toEqual({ half: 61, most: 115 });
    delays.clear();
    expect(delays.told).toBeUndefined();
  });
});
