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

  it('is coded anew where the container turns the picture, whatever else would hold it', () => {
    for (const container of ['mp4', 'other'] as const)
      expect(decidePacs({ ...facts, container, turned: true }, 1e6)).toMatchObject({
        mode: 'encode',
        reason: expect.stringMatching(/shows the picture as it is coded, this one is turned/),
      });
  });

  it('is one of those that the recipe names, else encoded for the first', () => {
    const [h264, mpeg2] = ['1.2.840.10008.1.2.4.102', '1.2.840.10008.1.2.4.101'] as const;
    const policy = (...videoTransferSyntaxes: string[]) => ({ videoTransferSyntaxes, sequenceSeconds: 30 });
    expect(decidePacs(facts, 1e6, policy(mpeg2, h264))).toEqual({ mode: 'passthrough', transferSyntaxUid: h264 });
    const encoded = { mode: 'encode', reason: expect.stringMatching(/mpeg2/), coding: { transferSyntaxUid: mpeg2 } };
    expect(decidePacs(facts, 1e6, policy(mpeg2))).toMatchObject(encoded);
    expect(decidePacs({ ...facts, codec: 'vp9', frameRate: { num: 60, den: 1 } }, 1e6)).toMatchObject({
      coding: { transferSyntaxUid: '1.2.840.10008.1.2.4.104' },
    });
  });

  it('is HTJ2K for a short sequence where the recipe begins with it; a longer clip goes on to the next', () => {
    const [h264, lossless, lossy] = ['102', '201', '203'].map((end) => `1.2.840.10008.1.2.4.${end}`) as [
      string,
      string,
      string,
    ];
    const recipe = { videoTransferSyntaxes: [lossless, h264], videoRatio: 10, sequenceSeconds: 10 };
    expect(decidePacs(facts, 1e6, recipe)).toMatchObject({ mode: 'encode', coding: { transferSyntaxUid: lossless } });
    const long = { ...facts, durationMs: 10_001 };
    expect(decidePacs(long, 1e6, recipe)).toMatchObject({
      mode: 'passthrough',
      transferSyntaxUid: h264,
      note: expect.stringMatching(/Lossless Only.*longer than 10 s/),
    });
    const only = { ...recipe, videoTransferSyntaxes: [lossy] };
    expect(decidePacs(facts, 1e6, only)).toMatchObject({ coding: { transferSyntaxUid: lossy, ratio: 10 } });
    expect(decidePacs(long, 1e6, only)).toMatchObject({ mode: 'passthrough', transferSyntaxUid: h264 });
    const deep = { ...facts, bitDepth: 10, profile: 'High 10' };
    expect(decidePacs(deep, 1e6, recipe)).toMatchObject({
      mode: 'encode',
      reason: expect.stringMatching(/10 bits, HTJ2K eight/),
    });
    expect(decidePacs(deep, 1e6, only)).toMatchObject({ coding: { transferSyntaxUid: lossy, ratio: 10 } });
  });

  it('keeps fields in the Blu-ray syntax, and makes a frame of each where that does not hold them', () => {
    const fields = { ...facts, interlaced: true, fieldOrder: 'tff' as const, frameRate: { num: 25, den: 1 } };
    expect(decidePacs(fields, 1e6)).toMatchObject({ transferSyntaxUid: '1.2.840.10008.1.2.4.103' });
    expect(decidePacs({ ...fields, profile: 'Main' }, 1e6)).toMatchObject({
      mode: 'encode',
      coding: { transferSyntaxUid: '1.2.840.10008.1.2.4.104' },
    });
  });

  it('keeps its bytes in several fragments where one cannot hold them', () => {
    const uid = '1.2.840.10008.1.2.4.102.1';
    expect(decidePacs(facts, 5 * 2 ** 30)).toEqual({ mode: 'passthrough', transferSyntaxUid: uid });
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
          expect(target.width).toBeLessThanOrEqual(width + 1);
          expect(target.height).toBeLessThanOrEqual(height + 1);
          expect(Math.max(target.width, target.height)).toBeLessThanOrEqual(4096);
          expect(Math.min(target.width, target.height)).toBeLessThanOrEqual(2176);
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
    expect(of({ width: 1080, height: 1920 })).toMatchObject({ target: 'h264', width: 1080, height: 1920 });
    expect(of({ width: 3840, height: 2160 })).toMatchObject({ target: 'hevc-main', width: 3840, height: 2160 });
    expect(of({ bitDepth: 10 })).toMatchObject({ target: 'hevc-main10' });
    expect(of({}, 5 * 2 ** 30)).toMatchObject({ target: 'hevc-main', width: 1920 });
    expect(of({ chroma: '4:2:2' })).toMatchObject({ target: 'h264', width: 1920, height: 1080 });
  });
});
