import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toAnnexB } from '../h264/nal.ts';
import { findBox, readBoxes } from './boxes.ts';
import { Fragmenter, type MediaFragment } from './fragmenter.ts';

const SPS = Buffer.from('67640029acb402802dd350101014000003000400000300f23c60ca80', 'hex');
const PPS = Buffer.from('68ee3cb0', 'hex');
const unit = (pts: number, keyframe: boolean, size = 20) => ({
  data: toAnnexB([
    ...(keyframe ? [SPS, PPS] : []),
    Uint8Array.from([keyframe ? 0x65 : 0x41, ...new Array<number>(size).fill(7)]),
  ]),
  pts,
  dts: pts,
  keyframe,
});

describe('Fragmenter', () => {
  it('keeps every sample, its size and its time, in boxes that say the same', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            keyframe: fc.boolean(),
            size: fc.integer({ min: 1, max: 300 }),
            step: fc.integer({ min: 1, max: 9000 }),
          }),
          { minLength: 1, maxLength: 40 },
        ),
        fc.integer({ min: 100, max: 2000 }),
        (frames, maxBytes) => {
          const fragmenter = new Fragmenter({ frameDuration: 3000, maxBytes });
          const out: MediaFragment[] = [];
          let at = 1_000_000;
          const pts: number[] = [];
          for (const [i, { keyframe, size, step }] of frames.entries()) {
            const done = fragmenter.push(unit(at, keyframe || i === 0, size));
            if (done) out.push(done);
            pts.push(at);
            at += step;
          }
          const last = fragmenter.cut();
          if (last) out.push(last);
          expect(out.flatMap((f) => f.sampleSizes)).toEqual(frames.map(({ size }) => size + 5));
          const starts = out.flatMap((f) =>
            f.sampleDurations.map(
              (_, i) => f.baseMediaDecodeTime + f.sampleDurations.slice(0, i).reduce((a, b) => a + b, 0),
            ),
          );
          expect(starts).toEqual(pts);
          expect(out.flatMap((f) => f.sampleKeyframes)).toEqual(frames.map(({ keyframe }, i) => keyframe || i === 0));
          for (const fragment of out) {
            expect(readBoxes(fragment.data).map(({ type }) => type)).toEqual(['moof', 'mdat']);
            const tfdt = findBox(fragment.data, 'moof', 'traf', 'tfdt');
            expect(Number(tfdt?.body.readBigUInt64BE(4))).toBe(fragment.baseMediaDecodeTime);
            const mdat = findBox(fragment.data, 'mdat');
            expect(mdat?.body.length).toBe(fragment.sampleSizes.reduce((a, b) => a + b));
            const trun = findBox(fragment.data, 'moof', 'traf', 'trun');
            expect(trun?.body.readInt32BE(8)).toBe((mdat?.offset ?? 0) + 8);
          }
        },
      ),
    );
  });

  it('drops what comes before the first keyframe, and refuses time that goes back', () => {
    const fragmenter = new Fragmenter({ frameDuration: 3000 });
    fragmenter.push(unit(0, false));
    expect(fragmenter.pendingFrames).toBe(0);
    fragmenter.push(unit(3000, true));
    expect(() => fragmenter.push(unit(3000, false))).toThrow(/3000 follows 3000/);
  });

  it('gives new parameter sets to the fragments that need them only', () => {
    const fragmenter = new Fragmenter({ frameDuration: 3000 });
    fragmenter.push(unit(0, true));
    const other = {
      ...unit(3000, true),
      data: toAnnexB([SPS, Buffer.from('68ee3c30', 'hex'), Uint8Array.from([0x65, 1])]),
    };
    const first = fragmenter.push(other);
    const second = fragmenter.cut();
    expect(first?.init.includes(PPS)).toBe(true);
    expect(second?.init.includes(PPS)).toBe(false);
    expect(second?.init.indexOf('68ee3c30', 0, 'hex')).toBeGreaterThan(0);
  });
});
