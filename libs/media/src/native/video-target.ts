import { inputError } from '@smartbox/kernel';
import type { FrameRate } from '../frame-rate.ts';
import { levelFor } from '../h264/level.ts';
import type { FieldOrder } from './scan.ts';
import type { Deinterlace } from './whole-pictures.ts';

/**
 * What to encode for, by the DICOM transfer syntaxes it fits (PS3.5 8.2.5 to 8.2.11): `h264` .102 or .104 by its level,
 * `h264-bluray` .103, `hevc-main` .107, `hevc-main10` .108, `mpeg2-main` .100, `mpeg2-high` .101.
 */
export type VideoTarget = 'h264' | 'h264-bluray' | 'hevc-main' | 'hevc-main10' | 'mpeg2-main' | 'mpeg2-high';

export interface VideoPlan {
  readonly target: VideoTarget;
  readonly width: number;
  readonly height: number;
  /** Where the picture lies in the frame; the rest is black. Only formats of fixed size have a rest. */
  readonly inner: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  readonly frameRate: FrameRate;
  /** As the codec writes it: `4.1`, `5.1`, `Main`. */
  readonly level: string;
  readonly container: 'mp4' | 'mpegts';
  /** Width to height of one sample; [1, 1] is square. */
  readonly sampleAspect: readonly [number, number];
  /** Coded as pairs of fields in this order; absent: whole pictures. */
  readonly fields?: FieldOrder;
  /** What becomes of the fields of an interlaced source that is coded in whole pictures. */
  readonly deinterlace?: Deinterlace;
}

export interface PlanSource {
  /** As shown, in square samples. */
  readonly width: number;
  readonly height: number;
  /** Of pictures: a pair of fields is one. */
  readonly frameRate: FrameRate;
  /** Of an interlaced source. */
  readonly fields?: FieldOrder | undefined;
}

interface Format {
  width: number;
  height: number;
  rates: readonly FrameRate[];
  /** Rates at which it may be coded as pairs of fields. */
  interlaced?: readonly FrameRate[];
  sampleAspect?: readonly [number, number];
}

const hz = (num: number, den = 1): FrameRate => ({ num, den });
const fps = ({ num, den }: FrameRate): number => num / den;
const NTSC_30 = hz(30_000, 1001);

/** PS3.5 table 8-4. */
const bluRay: readonly Format[] = [
  { width: 1280, height: 720, rates: [hz(24_000, 1001), hz(24), hz(50), hz(60_000, 1001)] },
  { width: 1920, height: 1080, rates: [hz(24_000, 1001), hz(24)], interlaced: [hz(25), NTSC_30] },
];
/** PS3.5 8.2.6. */
const highLevel: readonly Format[] = [
  { width: 1280, height: 720, rates: [hz(25), NTSC_30, hz(30), hz(50), hz(60_000, 1001), hz(60)] },
  { width: 1920, height: 1080, rates: [hz(25), NTSC_30, hz(30)], interlaced: [hz(25), NTSC_30, hz(30)] },
];
/** PS3.5 8.2.5, with samples that are not square: the display is 4:3 or 16:9. */
const mainLevel = (wide: boolean): readonly Format[] => [
  {
    width: 720,
    height: 480,
    rates: [NTSC_30, hz(30)],
    interlaced: [NTSC_30, hz(30)],
    sampleAspect: wide ? [32, 27] : [8, 9],
  },
  { width: 720, height: 576, rates: [hz(25)], interlaced: [hz(25)], sampleAspect: wide ? [64, 45] : [16, 15] },
];

/** The allowed rate that keeps every frame: the same, else the next higher one, else the highest. */
function rateIn(rates: readonly FrameRate[], wanted: FrameRate): FrameRate {
  const sorted = [...rates].sort((a, b) => fps(a) - fps(b));
  const chosen = sorted.find((each) => fps(each) >= fps(wanted) * 0.9995) ?? sorted.at(-1);
  if (!chosen) throw inputError('no-rate', 'a format has no rate');
  return chosen;
}

/** The format that loses least: first no frames, then no lines, then the smallest. */
function formatFor(formats: readonly Format[], height: number, rate: FrameRate): Format {
  const cost = (each: Format): number => {
    const chosen = fps(rateIn(each.rates, rate));
    const frames = Math.max(0, fps(rate) - chosen - 0.1) * 1000;
    const repeats = Math.abs(chosen - fps(rate));
    return frames + Math.max(0, height - each.height) + repeats + each.height / 10_000;
  };
  const [first] = [...formats].sort((a, b) => cost(a) - cost(b));
  if (!first) throw inputError('no-format', 'a target has no format');
  return first;
}

/** The largest picture of the same aspect inside a frame whose samples have this aspect. */
function letterbox(source: { width: number; height: number }, format: Format): VideoPlan['inner'] {
  const [across, down] = format.sampleAspect ?? [1, 1];
  const wanted = (source.width / source.height) * (down / across); // in samples of the format
  const even = (value: number): number => Math.max(2, 2 * Math.round(value / 2));
  const width = Math.min(format.width, even(format.height * wanted));
  const height = Math.min(format.height, even(format.width / wanted));
  const at = (rest: number): number => 2 * Math.floor(rest / 4);
  return { x: at(format.width - width), y: at(format.height - height), width, height };
}

const formatsOf = (target: VideoTarget, { width, height, frameRate }: PlanSource): readonly Format[] | undefined => {
  if (target === 'h264-bluray') return bluRay;
  if (target === 'mpeg2-high') return highLevel;
  if (target !== 'mpeg2-main') return undefined;
  const pal = [25, 50].some((each) => Math.abs(fps(frameRate) - each) < 0.1);
  return mainLevel(width / height > 1.5).slice(pal ? 1 : 0, pal ? 2 : 1);
};
const levels = { 'h264-bluray': '4.1', 'mpeg2-high': 'High', 'mpeg2-main': 'Main' } as const;

function fixed(target: keyof typeof levels, source: PlanSource, format: Format, frameRate: FrameRate): VideoPlan {
  return {
    target,
    width: format.width,
    height: format.height,
    inner: letterbox(source, format),
    frameRate,
    level: levels[target],
    container: target === 'h264-bluray' ? 'mp4' : 'mpegts',
    sampleAspect: format.sampleAspect ?? [1, 1],
  };
}

const same = (a: FrameRate, b: FrameRate): boolean => Math.abs(fps(a) - fps(b)) < fps(b) * 0.0005;

/**
 * Size, rate and level of a target for a source; never enlarged except where the target has fixed formats. An interlaced
 * source stays so where the target holds its very lines as fields (MPEG-2, Blu-ray). Otherwise every field becomes a
 * frame where the target holds twice the rate, for no movement is lost then; else each picture becomes one.
 * @param highest highest H.264 level that is wanted
 * @throws SmartBoxError `does-not-fit-dicom` for H.264 beyond 1080p60
 */
export function planVideo(target: VideoTarget, source: PlanSource, highest: '4.1' | '4.2' = '4.2'): VideoPlan {
  if (source.fields === undefined) return planPictures(target, source, highest);
  const kept = planFields(target, source);
  if (kept) return kept;
  const { num, den } = source.frameRate;
  const twice = { ...source, frameRate: { num: 2 * num, den } };
  const fields = target === 'h264' && !fitsLevel(twice, highest) ? undefined : planPictures(target, twice, highest);
  if (fields && same(fields.frameRate, twice.frameRate)) return { ...fields, deinterlace: 'field' };
  return { ...planPictures(target, source, highest), deinterlace: 'frame' };
}

/** No line may be scaled, for it would mix two fields. */
function planFields(target: VideoTarget, source: PlanSource): VideoPlan | undefined {
  if (target !== 'h264-bluray' && target !== 'mpeg2-high' && target !== 'mpeg2-main') return undefined;
  for (const format of formatsOf(target, source) ?? []) {
    const rate = format.interlaced?.find((each) => same(each, source.frameRate));
    const unscaled = format.height === source.height && letterbox(source, format).height === format.height;
    if (rate && unscaled && source.fields) return { ...fixed(target, source, format, rate), fields: source.fields };
  }
  return undefined;
}

function fitsLevel({ width, height, frameRate }: PlanSource, highest: '4.1' | '4.2'): boolean {
  const { levelIdc } = levelFor(width, height, frameRate);
  return levelIdc <= (highest === '4.1' ? 41 : 42);
}

function planPictures(target: VideoTarget, source: PlanSource, highest: '4.1' | '4.2'): VideoPlan {
  const { width, height, frameRate } = source;
  switch (target) {
    case 'h264-bluray':
    case 'mpeg2-high':
    case 'mpeg2-main': {
      const format = formatFor(formatsOf(target, source) ?? [], height, frameRate);
      return fixed(target, source, format, rateIn(format.rates, frameRate));
    }
    case 'hevc-main':
    case 'hevc-main10':
      return hevc(target, source);
    case 'h264': {
      const { level } = levelFor(width, height, frameRate);
      if (!fitsLevel(source, highest))
        throw inputError(
          'does-not-fit-dicom',
          `${width}x${height} at ${frameRate.num}/${frameRate.den} needs H.264 level ${level}; DICOM's H.264 ends at ${highest}${highest === '4.2' ? ' (1080p60)' : ' there'}`,
        );
      const inner = { x: 0, y: 0, width, height };
      return { target, width, height, frameRate, inner, level, container: 'mp4', sampleAspect: [1, 1] };
    }
  }
}

// ISO/IEC 23008-2 table A.8: MaxLumaPs and MaxLumaSr of level 5.1
const MAX_LUMA = 8_912_896;
const MAX_LUMA_RATE = 534_773_760;

function hevc(target: VideoTarget, source: PlanSource): VideoPlan {
  const even = (value: number): number => Math.max(16, 2 * Math.floor(value / 2));
  const scale = Math.min(
    1,
    Math.sqrt(MAX_LUMA / (source.width * source.height)),
    8192 / Math.max(source.width, source.height),
  );
  const [width, height] = [even(source.width * scale), even(source.height * scale)];
  const fits = width * height * fps(source.frameRate) <= MAX_LUMA_RATE;
  const frameRate = fits ? source.frameRate : hz(60);
  return {
    target,
    width,
    height,
    inner: { x: 0, y: 0, width, height },
    frameRate,
    level: '5.1',
    container: 'mp4',
    sampleAspect: [1, 1],
  };
}
