import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeLiveAccessUnit,
  encodeLiveAccessUnit,
  formatRingHeaders,
  parseRingHeaders,
  type RingHeaders,
} from './index.ts';

const headers: RingHeaders = {
  station: 'or-1',
  source: 'camera-1',
  procedure: '01J00000000000000000000000',
  epoch: '01J00000000000000000000001',
  sequence: 7,
  capturedAt: '2026-01-01T10:00:00.000Z',
  monotonicNs: '123456789',
  baseTime: 630_000,
  keyframe: true,
  frames: 2,
  sampleDurations: '3000',
  sampleSizes: '41000,900',
  gapBefore: 0,
  gapReason: 'none',
  initBytes: 755,
  sha256: 'a'.repeat(64),
  codec: 'avc1.640029',
  width: 1280,
  height: 720,
  frameRate: '30/1',
  encoder: 'libx264 preset=superfast',
};

describe('ring headers', () => {
  it('survive the way through NATS, for any numbers', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.boolean(), fc.nat(), (sequence, baseTime, keyframe, gapBefore) => {
        const given = { ...headers, sequence, baseTime, keyframe, gapBefore };
        const carried = formatRingHeaders(given);
        expect(parseRingHeaders((name) => carried[name])).toEqual(given);
      }),
    );
  });

  it('name the header that is wrong', () => {
    const carried = { ...formatRingHeaders(headers), 'Smartbox-Sample-Sizes': 'many' };
    expect(() => parseRingHeaders((name) => carried[name as keyof typeof carried])).toThrow(/sampleSizes/);
  });
});

describe('live access units', () => {
  it('come back as they went, for any bytes and times', () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.nat(0xffffffff),
        fc.bigInt(0n, 2n ** 63n),
        fc.bigInt(0n, 2n ** 63n),
        fc.uint8Array({ minLength: 1 }),
        (keyframe, sequence, capturedAtUs, pts, annexB) => {
          const unit = { keyframe, sequence, capturedAtUs, pts, annexB };
          expect(decodeLiveAccessUnit(encodeLiveAccessUnit(unit))).toEqual(unit);
        },
      ),
    );
  });

  it('refuse a message that is too short or of another version', () => {
    expect(() => decodeLiveAccessUnit(new Uint8Array(24))).toThrow(/24 bytes/);
    expect(() => decodeLiveAccessUnit(new Uint8Array(40))).toThrow(/version 0/);
  });
});
