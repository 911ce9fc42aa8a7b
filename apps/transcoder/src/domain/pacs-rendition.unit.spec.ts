import type { VideoFacts } from '@smartbox/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decidePacs, encodeTarget } from './pacs-rendition.ts';

const facts: VideoFacts = {
  container: 'mp4',
  codec: 'h264',
  profile: 'High',
  level: 41,
  width: 1920,
  height: 1080,
  frameRate: { num: 30, den: 1 },
  constantFrameRate: true,
  frames: 300,
  durationMs: 10_000,
  chroma: '4:2:0',
  bitDepth: 8,
  interlaced: false,
  bFrames: false,
  closedGop: true,
  audioTracks: 0,
};

describe('the PACS rendition', () => {
  it('is the saved stream itself where a transfer syntax holds it', () => {
    expect(decidePacs(facts, 1e6)).toEqual({ mode: 'passthrough', transferSyntaxUid: '1.2.840.10008.1.2.4.102' });
    const fast = { ...facts, level: 42, frameRate: { num: 60, den: 1 } };
    expect(decidePacs(fast, 1e6)).toEqual({ mode: 'passthrough', transferSyntaxUid: '1.2.840.10008.1.2.4.104' });
  });

  it.each([
    ['a level that none holds', { level: 51, width: 3840, height: 2160 }],
    ['another chroma format', { chroma: '4:2:2', profile: 'High 4:2:2' }],
    ['a chroma format nobody could read', { chroma: 'unknown' }],
    ['another codec', { codec: 'vp9', profile: '0' }],
  ] as const)('is encoded for %s, with the reason', (_, change) => {
    const decision = decidePacs({ ...facts, ...change }, 1e6);
    expect(decision.mode).toBe('encode');
    expect(decision).toHaveProperty('reason', expect.stringMatching(/\w{4}/));
  });

  it('fits after encoding, whatever came in, and is never enlarged', () => {
    const side = fc.integer({ min: 16, max: 8192 });
    fc.assert(
      fc.property(
        side,
        side,
        fc.integer({ min: 1, max: 240 }),
        fc.constantFrom(8, 10),
        (width, height, num, bitDepth) => {
          const target = encodeTarget({ ...facts, width, height, bitDepth, frameRate: { num, den: 1 } }, 1e6);
          expect(target.width % 2 || target.height % 2).toBe(0);
          expect(target.width).toBeLessThanOrEqual(Math.min(4096, width + 1));
          expect(target.height).toBeLessThanOrEqual(Math.min(2176, height + 1));
          expect(target.frameRate.num).toBeLessThanOrEqual(60);
          const hevc = target.target !== 'h264';
          const stream = {
            ...facts,
            ...target,
            codec: hevc ? 'hevc' : 'h264',
            profile: bitDepth > 8 ? 'Main 10' : hevc ? 'Main' : 'High',
            bitDepth,
            level: hevc ? 51 : 42,
          };
          expect(decidePacs(stream, 1e6)).toMatchObject({ mode: 'passthrough' });
        },
      ),
    );
  });

  it('is HEVC for 4K, for ten bits, and for what one fragment cannot hold', () => {
    const of = (change: Partial<VideoFacts>, bytes = 1e6) => encodeTarget({ ...facts, ...change }, bytes);
    expect(of({ width: 3840, height: 2160 })).toMatchObject({ target: 'hevc-main', width: 3840, height: 2160 });
    expect(of({ bitDepth: 10 })).toMatchObject({ target: 'hevc-main10' });
    expect(of({}, 5 * 2 ** 30)).toMatchObject({ target: 'hevc-main', width: 1920 });
    expect(of({ chroma: '4:2:2' })).toMatchObject({ target: 'h264', width: 1920, height: 1080 });
  });
});
