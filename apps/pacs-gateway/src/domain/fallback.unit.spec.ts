import type { InstanceCreated } from '@smartbox/contracts';
import {
  KEY_OBJECT_SELECTION,
  SopClassUid,
  sopClasses,
  TransferSyntaxUid as T,
  transferSyntaxes,
} from '@smartbox/dicom';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { againstPolicy, fallbackCandidates, fallbackRendition } from './fallback.ts';

const origin = { recipe: { dicom: { sequenceSeconds: 30 } } } as InstanceCreated['origin'];
const tenSeconds = { numberOfFrames: 250, frameRate: { num: 25, den: 1 }, origin };
const video = (transferSyntaxUid: string) => ({
  sopClassUid: SopClassUid.videoEndoscopic,
  transferSyntaxUid,
  ...tenSeconds,
});

describe('what an object may be made anew in', () => {
  it('begins with the same stream, then with what loses least', () => {
    expect(fallbackCandidates(video(T.h264High41)).slice(0, 4)).toEqual([
      T.h264High41,
      T.h264High41Fragmentable,
      T.h264High42,
      T.h264High42Fragmentable,
    ]);
    const of60 = fallbackCandidates(video(T.h264High42));
    expect(of60.indexOf(T.hevcMain51)).toBeLessThan(of60.indexOf(T.h264High41));
    const order = [T.mpeg2HighLevel, T.jpegBaseline, T.h264BluRay41, T.mpeg2MainLevel, T.htj2kLossless];
    expect(order.map((uid) => of60.indexOf(uid))).toEqual(
      order.map((uid) => of60.indexOf(uid)).toSorted((a, b) => a - b),
    );
    expect(of60).toContain(T.mpeg2MainLevelFragmentable);
  });

  it('is the destination’s own list where it has one, without what its SOP class forbids', () => {
    const policy = [T.mpeg2HighLevel, T.explicitLittleEndian, T.jpegBaseline];
    expect(fallbackCandidates(video(T.h264High41), policy)).toEqual([T.mpeg2HighLevel, T.jpegBaseline]);
    const still = { ...tenSeconds, sopClassUid: SopClassUid.vlEndoscopic, transferSyntaxUid: T.jpegBaseline };
    expect(fallbackCandidates(still)).toEqual([T.jpegBaseline, T.explicitLittleEndian, T.htj2kLossless]);
  });

  it('is HTJ2K for a short sequence only', () => {
    const policy = [T.htj2kLossless, T.h264High42];
    const clip = { ...video(T.h264High41), origin: { recipe: { dicom: { sequenceSeconds: 10 } } } as typeof origin };
    expect(fallbackCandidates(clip, policy)).toEqual(policy);
    expect(fallbackCandidates({ ...clip, numberOfFrames: 251 }, policy)).toEqual([T.h264High42]);
  });

  it('is never twice the same and always allowed, within the 128 contexts of one association', () => {
    const uid = fc.constantFrom(...transferSyntaxes.keys());
    fc.assert(
      fc.property(fc.constantFrom(...sopClasses.values()), uid, fc.option(fc.array(uid)), (sopClass, own, policy) => {
        const object = { ...tenSeconds, sopClassUid: sopClass.uid, transferSyntaxUid: own };
        const all = fallbackCandidates(object, policy ?? undefined);
        expect(new Set(all).size).toBe(all.length);
        expect(all.every((each) => sopClass.transferSyntaxes.includes(each))).toBe(true);
        expect(all.length).toBeLessThan(128);
      }),
    );
  });
});

describe('what the configuration has against an object', () => {
  const object = { ...video(T.h264High41), bytes: 1000 };
  it('names what it is to get, and the limit', () => {
    expect(againstPolicy(object, {})).toBeUndefined();
    expect(againstPolicy(object, { transferSyntaxes: [T.h264High41], maxObjectBytes: 1000 })).toBeUndefined();
    expect(againstPolicy(object, { transferSyntaxes: [T.jpegBaseline] })).toMatch(/JPEG Baseline/);
    const small = { ...tenSeconds, bytes: 1 };
    const still = { ...small, sopClassUid: SopClassUid.vlEndoscopic, transferSyntaxUid: T.jpegBaseline };
    const note = { ...small, sopClassUid: KEY_OBJECT_SELECTION, transferSyntaxUid: T.explicitLittleEndian };
    for (const other of [still, note]) {
      expect(againstPolicy(other, { transferSyntaxes: [T.mpeg2HighLevel] })).toBeUndefined();
    }
    expect(fallbackCandidates(still, [T.mpeg2HighLevel])[0]).toBe(T.jpegBaseline);
    expect(againstPolicy(object, { maxObjectBytes: 999 })).toMatch(/at most 999 bytes, this one has 1000/);
  });
});

describe('what the transcoder is asked for', () => {
  const instance = {
    origin: { kind: 'clip', id: 'C', sourceId: 's' },
    payloadKey: 'clips/C/s/source.mp4',
    payloadBytes: 5,
    payloadSha256: 'a'.repeat(64),
    rendition: 'pacs',
  } as unknown as InstanceCreated;

  it('is the same for the same payload, destination and syntax, whatever the version of the procedure', () => {
    const ask = (change: Partial<InstanceCreated>, to = 'pacs', uid: string = T.mpeg2HighLevel) =>
      fallbackRendition({ ...instance, ...change }, to, uid, {}, 'r')?.renditionId;
    expect(ask({ procedureVersion: 1 })).toBe(ask({ procedureVersion: 2 }));
    expect(new Set([ask({}), ask({}, 'other'), ask({}, 'pacs', T.jpegBaseline)]).size).toBe(3);
  });

  it('is as lossy as the destination has it, in HTJ2K only', () => {
    const ask = (uid: string) => fallbackRendition(instance, 'pacs', uid, { htj2kRatio: 10 }, 'r')?.ratio;
    expect([ask(T.htj2k), ask(T.htj2kLossless), ask(T.jpegBaseline)]).toEqual([10, undefined, undefined]);
  });

  it('is nothing for an object that was itself made for a destination', () => {
    expect(fallbackRendition({ ...instance, rendition: 'fallback' }, 'pacs', T.jpegBaseline, {}, 'r')).toBeUndefined();
  });
});
