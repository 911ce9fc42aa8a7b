import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitTransferSyntax, forbids, MAX_FRAGMENT_LENGTH, type FitOptions } from './fit-transfer-syntax.ts';
import { isAllowed, SopClassUid, sopClasses } from './sop-classes.ts';
import { TransferSyntaxUid as T, transferSyntaxes } from './transfer-syntaxes.ts';
import type { VideoFacts } from './video-facts.ts';

const stream = (facts: Partial<VideoFacts> = {}): VideoFacts => ({
  container: 'mp4',
  codec: 'h264',
  profile: 'High',
  level: 41,
  width: 1920,
  height: 1080,
  frameRate: { num: 30, den: 1 },
  constantFrameRate: true,
  frames: 3600,
  durationMs: 120_000,
  chroma: '4:2:0',
  bitDepth: 8,
  interlaced: false,
  bFrames: false,
  closedGop: true,
  ...facts,
});
const hevc = (facts: Partial<VideoFacts> = {}) =>
  stream({ codec: 'hevc', profile: 'Main', level: 51, width: 3840, height: 2160, ...facts });
const chosen = (facts: VideoFacts, options?: FitOptions) => {
  const fit = fitTransferSyntax(facts, options);
  return fit.fits ? fit.uid : fit.reasons.map((each) => each.rule);
};
const hd = { width: 1280, height: 720 };
const fps = (num: number, den = 1) => ({ frameRate: { num, den } });

describe('the choice of a transfer syntax', () => {
  it.each([
    ['1080p30', stream(), T.h264High41],
    ['1080p29.97', stream(fps(30_000, 1001)), T.h264High41],
    ['720p60', stream({ ...hd, ...fps(60) }), T.h264High41],
    ['720p30 at its own level', stream({ ...hd, level: 31 }), T.h264High41],
    ['1080p60', stream({ level: 42, ...fps(60) }), T.h264High42],
    ['1080p50', stream({ level: 42, ...fps(50) }), T.h264High42],
    ['2160p60 HEVC', hevc(fps(60)), T.hevcMain51],
    ['2160p30 HEVC 10 bit', hevc({ profile: 'Main 10', bitDepth: 10 }), T.hevcMain10Level51],
    [
      'MPEG-2 576i25',
      stream({
        codec: 'mpeg2video',
        profile: 'Main',
        level: 8,
        width: 720,
        height: 576,
        interlaced: true,
        container: 'mpeg-ps',
        ...fps(25),
      }),
      T.mpeg2MainLevel,
    ],
    [
      'MPEG-2 1080i30',
      stream({
        codec: 'mpeg2video',
        profile: 'Main',
        level: 4,
        interlaced: true,
        container: 'mpegts',
        ...fps(30_000, 1001),
      }),
      T.mpeg2HighLevel,
    ],
    ['Motion JPEG', stream({ codec: 'mjpeg', profile: 'Baseline', container: 'frames' }), T.jpegBaseline],
  ])('%s', (_name, facts, uid) => {
    expect(chosen(facts)).toBe(uid);
  });

  it.each([
    ['1080p60 that says level 4.1', stream(fps(60)), 'level-understated'],
    ['2160p30 as H.264', stream({ width: 3840, height: 2160, level: 51 }), 'level-limits'],
    ['Baseline', stream({ profile: 'Constrained Baseline' }), 'profile'],
    ['4:2:2', stream({ chroma: '4:2:2' }), 'chroma'],
    ['10 bit H.264', stream({ profile: 'High 10', bitDepth: 10 }), 'bit-depth'],
    ['raw Annex B', stream({ container: 'annex-b' }), 'container'],
    ['a fragmented MP4', stream({ container: 'fmp4' }), 'container'],
    ['no frames', stream({ frames: 0 }), 'frames'],
    ['no rate', stream({ frameRate: { num: 0, den: 0 } }), 'frame-rate'],
    ['2160p120 HEVC', hevc({ level: 52, ...fps(120) }), 'level-limits'],
    ['HEVC High tier', hevc({ tier: 'High' }), 'tier'],
    [
      'MPEG-2 1080p50',
      stream({ codec: 'mpeg2video', profile: 'Main', level: 4, container: 'mpegts', ...fps(50) }),
      'format',
    ],
    ['VP9', stream({ codec: 'vp9' }), 'codec'],
  ])('refuses %s and names the rule', (_name, facts, rule) => {
    const fit = fitTransferSyntax(facts);
    expect(fit.fits).toBe(false);
    if (fit.fits) return;
    expect(fit.reasons.map((each) => each.rule)).toContain(rule);
    expect(fit.reasons.every((each) => each.message !== '' && each.citation !== '')).toBe(true);
  });

  it('has whole pictures in .102 and .104; fields go to the Blu-ray syntax or MPEG-2, 1080 or standard lines', () => {
    const fields = { interlaced: true, fieldOrder: 'tff', ...fps(25) } as const;
    expect(chosen(stream(fields))).toBe(T.h264BluRay41);
    expect(chosen(stream({ ...fields, width: 720, height: 576 }))).toEqual(['interlaced']);
    // what the header allows and no picture makes use of is no matter
    expect(chosen(stream({ ...fields, fieldOrder: undefined }))).toBe(T.h264High41);
    const mpeg2 = { codec: 'mpeg2video', profile: 'Main', level: 4, container: 'mpegts', ...fields } as const;
    expect(chosen(stream(mpeg2))).toBe(T.mpeg2HighLevel);
    expect(forbids(T.mpeg2HighLevel, stream({ ...mpeg2, ...hd })).map(({ rule }) => rule)).toEqual(['format']);
  });

  it('carries no sound in an MP4', () => {
    const sounding = stream({ audioTracks: 1 });
    expect(forbids(T.h264High41, sounding).map(({ rule, citation }) => [rule, citation])).toEqual([
      ['audio', 'PS3.5 8.2.12'],
    ]);
    expect(forbids(T.h264High41, { ...sounding, container: 'mpegts' })).toEqual([]);
  });

  it.each([
    ['h264', 'ac3', 48_000, 1, true],
    ['h264', 's302m', 48_000, 2, true],
    ['h264', 'pcm_bluray', 96_000, 2, true],
    ['h264', 'pcm_bluray', 48_000, 1, false],
    ['h264', 'ac3', 44_100, 2, false],
    ['h264', 'ac3', 48_000, 6, false],
    ['h264', 'aac', 48_000, 2, false],
    ['mpeg2video', 'mp3', 44_100, 1, true],
    ['mpeg2video', 'ac3', 48_000, 2, false],
  ])(
    '%s in a transport stream with sound of %s, %i Hz, %i channels: %s',
    (codec, sound, sampleRate, channels, held) => {
      const sounding = {
        container: 'mpegts',
        audioTracks: 1,
        sound: [{ codec: sound, sampleRate, channels }],
      } as const;
      const picture = codec === 'h264' ? {} : { codec, profile: 'Main', level: 4, ...hd };
      const uid = codec === 'h264' ? T.h264High41 : T.mpeg2HighLevel;
      const reasons = forbids(uid, stream({ ...picture, ...sounding })).map(({ rule }) => rule);
      expect(reasons).toEqual(held ? [] : ['audio']);
    },
  );

  it('refuses more than one fragment holds, and takes the fragmentable twin only where it is accepted', () => {
    const payloadLength = MAX_FRAGMENT_LENGTH + 1;
    expect(chosen(stream(), { payloadLength })).toEqual(['one-fragment']);
    expect(chosen(stream(), { payloadLength, accept: [T.h264High41, T.h264High41Fragmentable] })).toBe(
      T.h264High41Fragmentable,
    );
    expect(chosen(stream(), { payloadLength: MAX_FRAGMENT_LENGTH })).toBe(T.h264High41);
    expect(chosen(hevc(), { payloadLength: 20 * 2 ** 30 })).toBe(T.hevcMain51);
  });

  it.each([
    ['1080i25', { interlaced: true, ...fps(25) }, true],
    ['1080p24', fps(24), true],
    ['720p59.94', { ...hd, ...fps(60_000, 1001) }, true],
    ['1080p30', fps(30), false],
    ['720p60', { ...hd, ...fps(60) }, false],
    ['720p30', { ...hd, ...fps(30) }, false],
  ])('Blu-ray compatible %s: %s', (_name, facts, holds) => {
    expect(forbids(T.h264BluRay41, stream(facts)).length === 0).toBe(holds);
  });

  it('never chooses a syntax whose level the stream exceeds', () => {
    const side = fc.integer({ min: 8, max: 2200 }).map((each) => each * 2);
    const facts = fc.record({
      width: side,
      height: side,
      num: fc.integer({ min: 1, max: 240_000 }),
      den: fc.constantFrom(1, 1000, 1001),
      level: fc.constantFrom(30, 31, 40, 41, 42, 50, 51),
    });
    fc.assert(
      fc.property(facts, ({ width, height, num, den, level }) => {
        const fit = fitTransferSyntax(stream({ width, height, level, frameRate: { num, den } }));
        if (!fit.fits) return fit.reasons.length > 0;
        const perSecond = (Math.ceil(width / 16) * Math.ceil(height / 16) * num) / den;
        return level <= 42 && perSecond <= (fit.uid === T.h264High41 ? 245_760 : 522_240);
      }),
    );
  });
});

describe('SOP classes and transfer syntaxes', () => {
  it('keep video out of still classes and uncompressed out of video', () => {
    expect(isAllowed(SopClassUid.videoEndoscopic, T.h264High41)).toBe(true);
    expect(isAllowed(SopClassUid.vlEndoscopic, T.h264High41)).toBe(false);
    expect(isAllowed(SopClassUid.vlEndoscopic, T.jpegBaseline)).toBe(true);
    expect(isAllowed(SopClassUid.videoEndoscopic, T.explicitLittleEndian)).toBe(false);
    expect(chosen(stream(), { sopClassUid: SopClassUid.vlPhotographic })).toEqual(['sop-class']);
  });

  it('name known syntaxes only, and none for two cameras', () => {
    for (const each of sopClasses.values()) {
      expect(each.transferSyntaxes.every((uid) => transferSyntaxes.has(uid))).toBe(true);
      expect(each.transferSyntaxes).not.toContain(T.h264Stereo42);
    }
  });
});
