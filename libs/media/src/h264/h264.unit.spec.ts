import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { levelFor } from './level.ts';
import { parseAvcC, splitAnnexB, splitAvcc, toAnnexB, toAvcc } from './nal.ts';
import { codecString, parseSps, sliceType } from './sps.ts';

/** NAL units as an encoder writes them: no start code inside, no zero at the end. */
const nal = fc
  .uint8Array({ minLength: 1, maxLength: 400 })
  .map((bytes) => Uint8Array.from([0x65, ...[...bytes].map((byte) => byte || 0x03), 0x80]));

describe('NAL units', () => {
  it('survive both packagings, also where a length looks like a start code', () => {
    fc.assert(
      fc.property(fc.array(nal, { minLength: 1, maxLength: 6 }), (nals) => {
        expect(splitAnnexB(toAnnexB(nals)).map((n) => [...n])).toEqual(nals.map((n) => [...n]));
        expect(splitAvcc(toAvcc(nals)).map((n) => [...n])).toEqual(nals.map((n) => [...n]));
      }),
    );
  });

  it('are found behind short and long start codes, and damage ends the list', () => {
    expect(splitAnnexB(Uint8Array.from([0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x68, 2])).map((n) => [...n])).toEqual([
      [0x67, 1],
      [0x68, 2],
    ]);
    expect(splitAvcc(Uint8Array.from([0, 0, 0, 9, 1, 2]))).toEqual([]);
    expect(splitAnnexB(new Uint8Array())).toEqual([]);
  });
});

describe('parseSps', () => {
  const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

  it('reads what libx264 writes', () => {
    expect(parseSps(hex('67640029acb402802dd350101014000003000400000300f23c60ca80'))).toMatchObject({
      profile: 'High',
      levelIdc: 41,
      width: 1280,
      height: 720,
      chroma: '4:2:0',
      bitDepth: 8,
      interlaced: false,
      frameRate: { num: 30, den: 1 },
      colour: { primaries: 1, transfer: 1, matrix: 1 },
      reorderFrames: 0,
    });
  });

  it('refuses what is none, and what ends early', () => {
    expect(() => parseSps(hex('68ee3cb0'))).toThrow(/type 8 .*is not a sequence parameter set/);
    expect(() => parseSps(hex('67640029ac'))).toThrow(/damaged: the bit stream ends early/);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 60 }), (bytes) => {
        try {
          parseSps(Uint8Array.from([0x67, ...bytes]));
        } catch (error) {
          expect(error).toMatchObject({ code: 'bad-sps' });
        }
      }),
    );
  });

  it('names the codec as RFC 6381 does', () => {
    expect(codecString({ profileIdc: 100, constraintFlags: 0, levelIdc: 41 })).toBe('avc1.640029');
  });
});

it('tells slice types', () => {
  expect(sliceType(Uint8Array.from([0x41, 0b1_00110_00]))).toBe('P');
  expect(sliceType(Uint8Array.from([0x01, 0b1_010_0000]))).toBe('B');
});

it('reads an avcC record', () => {
  const record = Uint8Array.from([1, 100, 0, 41, 0xff, 0xe1, 0, 2, 0x67, 9, 1, 0, 1, 0x68]);
  expect(parseAvcC(record)).toEqual({
    sps: [Uint8Array.from([0x67, 9])],
    pps: [Uint8Array.from([0x68])],
    lengthSize: 4,
  });
});

it.each([
  [1920, 1080, 30, '4.1'],
  [1280, 720, 60, '4.1'],
  [1920, 1080, 60, '4.2'],
  [1920, 1080, 50, '4.2'],
  [3840, 2160, 30, '5.1'],
] as const)('%ix%i at %i is level %s', (width, height, num, level) => {
  expect(levelFor(width, height, { num, den: 1 }).level).toBe(level);
});
