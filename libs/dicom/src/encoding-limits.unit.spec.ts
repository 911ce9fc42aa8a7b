import { describe, expect, it } from 'vitest';
import { checkFrameCoding, encodingLimits } from './encoding-limits.ts';
import { SopClassUid, sopClasses } from './sop-classes.ts';
import {
  fragmentableTwin,
  TransferSyntaxUid as T,
  transferSyntaxes,
  type TransferSyntax,
} from './transfer-syntaxes.ts';

const syntax = (uid: string) => transferSyntaxes.get(uid) as TransferSyntax;

describe('what is encoded for a transfer syntax', () => {
  it('keeps to its level: for H.264 4.1 the lines go before the frames do', () => {
    const at = (uid: string, num: number) => encodingLimits(uid, { num, den: 1 });
    expect(at(T.h264High41, 30)).toMatchObject({ within: { height: 1080 }, highestLevel: '4.1' });
    expect(at(T.h264High41, 60)).toMatchObject({ within: { height: 720 }, highestLevel: '4.1' });
    expect(at(T.h264High42, 120)).toMatchObject({ within: { height: 1080 }, frameRate: { num: 60, den: 1 } });
    expect(at(T.hevcMain10Level51, 60)).toEqual({ target: 'hevc-main10', within: { width: 4096, height: 2176 } });
  });

  it('is the same for a fragmentable twin, and nothing for frames and two views', () => {
    for (const { uid, layout } of transferSyntaxes.values()) {
      const limits = encodingLimits(uid, { num: 25, den: 1 });
      const twin = fragmentableTwin(uid);
      if (twin) expect(encodingLimits(twin.uid, { num: 25, den: 1 })).toEqual(limits);
      const stereo = /\.10[56]/.test(uid);
      expect(limits === undefined).toBe(layout !== 'stream' || stereo);
    }
  });
});

describe('pictures coded one by one', () => {
  const code =
    (uid: string, bitDepth: number, ratio?: number, sop: keyof typeof SopClassUid = 'vlEndoscopic') =>
    () =>
      checkFrameCoding(syntax(uid), { bitDepth, ratio }, sopClasses.get(SopClassUid[sop]));

  it('are lossless of eight bits only: the rule is the one of the class', () => {
    for (const uid of [T.htj2kLossless, T.htj2kLosslessRpcl, T.htj2k]) {
      expect(code(uid, 8)).not.toThrow();
      for (const bits of [10, 12, 16]) expect(code(uid, bits)).toThrow(/8 bits a sample \(PS3\.3 C\.8\.12\.1\.1\.2\)/);
    }
    expect(code(T.htj2k, 12, undefined, 'multiFrameTrueColorSecondaryCapture')).toThrow(/PS3\.3 A\.8\.5\.4/);
    expect(code(T.htj2k, 12, 10)).not.toThrow();
    expect(code(T.jpegBaseline, 10)).not.toThrow();
  });

  it('take a ratio where something may be lost, and only there', () => {
    expect(code(T.htj2k, 8, 10)).not.toThrow();
    for (const uid of [T.htj2kLossless, T.htj2kLosslessRpcl, T.jpegBaseline, T.explicitLittleEndian])
      expect(code(uid, 8, 10)).toThrow(/takes no ratio/);
  });
});
