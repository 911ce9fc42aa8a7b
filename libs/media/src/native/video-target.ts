import { inputError } from '@smartbox/kernel';
import {
  AV_CODEC_FLAG_CLOSED_GOP,
  AV_PIX_FMT_YUV420P,
  AV_PIX_FMT_YUV420P10LE,
  AV_PROFILE_MPEG2_MAIN,
  AVCOL_PRI_BT709,
  AVCOL_RANGE_MPEG,
  AVCOL_SPC_BT709,
  AVCOL_TRC_BT709,
  FF_ENCODER_LIBX264,
  FF_ENCODER_LIBX265,
  FF_ENCODER_MPEG2VIDEO,
  type FFEncoderCodec,
} from 'node-av/constants';
import { Codec, CodecContext, Rational } from 'node-av/lib';
import type { FrameRate } from '../frame-rate.ts';
import { levelFor } from '../h264/level.ts';
import { check } from './av.ts';
import { GLOBAL_HEADER } from './mp4-writer.ts';

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
}

interface Format {
  width: number;
  height: number;
  rates: readonly FrameRate[];
  sampleAspect?: readonly [number, number];
}

const hz = (num: number, den = 1): FrameRate => ({ num, den });
const fps = ({ num, den }: FrameRate): number => num / den;
const NTSC_30 = hz(30_000, 1001);

/** PS3.5 table 8-4, the progressive rows. */
const bluRay: readonly Format[] = [
  { width: 1280, height: 720, rates: [hz(24_000, 1001), hz(24), hz(50), hz(60_000, 1001)] },
  { width: 1920, height: 1080, rates: [hz(24_000, 1001), hz(24)] },
];
/** PS3.5 8.2.6. */
const highLevel: readonly Format[] = [
  { width: 1280, height: 720, rates: [hz(25), NTSC_30, hz(30), hz(50), hz(60_000, 1001), hz(60)] },
  { width: 1920, height: 1080, rates: [hz(25), NTSC_30, hz(30)] },
];
/** PS3.5 8.2.5, with samples that are not square: the display is 4:3 or 16:9. */
const mainLevel = (wide: boolean): readonly Format[] => [
  { width: 720, height: 480, rates: [NTSC_30, hz(30)], sampleAspect: wide ? [32, 27] : [8, 9] },
  { width: 720, height: 576, rates: [hz(25)], sampleAspect: wide ? [64, 45] : [16, 15] },
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

/**
 * Size, rate and level of a target for a source; never enlarged except where the target has fixed formats.
 * @throws SmartBoxError `does-not-fit-dicom` for H.264 beyond 1080p60
 */
export function planVideo(
  target: VideoTarget,
  source: { readonly width: number; readonly height: number; readonly frameRate: FrameRate },
): VideoPlan {
  const fixed = (format: Format, level: string, container: VideoPlan['container']): VideoPlan => ({
    target,
    width: format.width,
    height: format.height,
    inner: letterbox(source, format),
    frameRate: rateIn(format.rates, source.frameRate),
    level,
    container,
    sampleAspect: format.sampleAspect ?? [1, 1],
  });
  const { frameRate, height } = source;
  switch (target) {
    case 'h264-bluray':
      return fixed(formatFor(bluRay, height, frameRate), '4.1', 'mp4');
    case 'mpeg2-high':
      return fixed(formatFor(highLevel, height, frameRate), 'High', 'mpegts');
    case 'mpeg2-main': {
      const formats = mainLevel(source.width / height > 1.5);
      const pal = [25, 50].some((each) => Math.abs(fps(frameRate) - each) < 0.1);
      return fixed(formatFor(formats.slice(pal ? 1 : 0, pal ? 2 : 1), height, frameRate), 'Main', 'mpegts');
    }
    case 'hevc-main':
    case 'hevc-main10':
      return hevc(target, source);
    case 'h264': {
      const { level } = levelFor(source.width, height, frameRate);
      if (level !== '4.1' && level !== '4.2')
        throw inputError(
          'does-not-fit-dicom',
          `${source.width}x${height} at ${frameRate.num}/${frameRate.den} needs H.264 level ${level}; DICOM's H.264 ends at 4.2 (1080p60)`,
        );
      const inner = { x: 0, y: 0, width: source.width, height };
      return { target, ...source, inner, level, container: 'mp4', sampleAspect: [1, 1] };
    }
  }
}

// ISO/IEC 23008-2 table A.8: MaxLumaPs and MaxLumaSr of level 5.1
const MAX_LUMA = 8_912_896;
const MAX_LUMA_RATE = 534_773_760;

function hevc(
  target: VideoTarget,
  source: { readonly width: number; readonly height: number; readonly frameRate: FrameRate },
): VideoPlan {
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

export interface EncoderSettings {
  /** Quality, 0-51, for x264 and x265. Default 20. */
  readonly crf?: number | undefined;
  /** Default `veryfast`; `ultrafast` for x265 of more than 1080 lines, where software needs seconds per frame else. */
  readonly preset?: string | undefined;
  readonly threads?: number | undefined;
}

/** Opens the encoder of a plan: constant rate, closed GOPs of a second at most, no B-frames. */
export function openVideoEncoder(
  plan: VideoPlan,
  given: EncoderSettings,
): { context: CodecContext; description: string } {
  const gop = Math.max(1, Math.round(fps(plan.frameRate)));
  const { name, settings, bitrate } = settingsOf(plan, gop, given);
  const codec = Codec.findEncoderByName(name);
  if (!codec) throw inputError('encoder-missing', `this FFmpeg build has no ${name}`);
  const context = new CodecContext();
  context.allocContext3(codec);
  context.width = plan.width;
  context.height = plan.height;
  context.pixelFormat = plan.target === 'hevc-main10' ? AV_PIX_FMT_YUV420P10LE : AV_PIX_FMT_YUV420P;
  context.timeBase = new Rational(plan.frameRate.den, plan.frameRate.num);
  context.framerate = new Rational(plan.frameRate.num, plan.frameRate.den);
  context.sampleAspectRatio = new Rational(plan.sampleAspect[0], plan.sampleAspect[1]);
  context.maxBFrames = 0;
  context.threadCount = given.threads ?? 2;
  context.colorRange = AVCOL_RANGE_MPEG;
  context.colorPrimaries = AVCOL_PRI_BT709;
  context.colorTrc = AVCOL_TRC_BT709;
  context.colorSpace = AVCOL_SPC_BT709;
  context.setFlags(...(plan.container === 'mp4' ? [GLOBAL_HEADER] : []), AV_CODEC_FLAG_CLOSED_GOP);
  if (bitrate) {
    context.profile = AV_PROFILE_MPEG2_MAIN;
    context.level = bitrate.level;
    context.gopSize = Math.min(15, gop);
    context.bitRate = BigInt(bitrate.mean);
    context.rcMaxRate = BigInt(bitrate.max);
    context.rcBufferSize = bitrate.buffer;
  }
  for (const [key, value] of Object.entries(settings))
    check(context.setOption(key, value), `set the encoder option ${key}=${value}`);
  check(context.open2Sync(codec, null), `open ${name} for ${plan.width}x${plan.height}`);
  const words = Object.entries(settings).map(([k, v]) => `${k}=${v}`);
  return {
    context,
    description: [name, ...words, ...(bitrate ? [`b=${bitrate.mean} maxrate=${bitrate.max}`] : [])].join(' '),
  };
}

interface Mpeg2Rate {
  /** ISO/IEC 13818-2 table 8-3: 8 is Main, 4 is High. */
  level: number;
  mean: number;
  max: number;
  buffer: number;
}

function settingsOf(
  plan: VideoPlan,
  gop: number,
  given: EncoderSettings,
): { name: FFEncoderCodec; settings: Record<string, string>; bitrate?: Mpeg2Rate } {
  const crf = String(given.crf ?? 20);
  switch (plan.target) {
    case 'h264':
    case 'h264-bluray': {
      const disc = plan.target === 'h264-bluray';
      const vbv = disc
        ? 'vbv-maxrate=40000:vbv-bufsize=30000:bluray-compat=1:slices=4'
        : 'vbv-maxrate=50000:vbv-bufsize=50000';
      return {
        name: FF_ENCODER_LIBX264,
        settings: {
          preset: given.preset ?? 'veryfast',
          profile: 'high',
          level: plan.level,
          crf,
          // 8x8dct and cabac: High profile whatever the preset
          'x264-params': `8x8dct=1:cabac=1:open-gop=0:scenecut=0:keyint=${gop}:bframes=0:nal-hrd=none:${vbv}`,
        },
      };
    }
    case 'hevc-main':
    case 'hevc-main10':
      return {
        name: FF_ENCODER_LIBX265,
        settings: {
          preset: given.preset ?? (plan.height > 1080 ? 'ultrafast' : 'veryfast'),
          profile: plan.target === 'hevc-main' ? 'main' : 'main10',
          crf,
          'x265-params': `level-idc=5.1:high-tier=0:open-gop=0:scenecut=0:keyint=${gop}:min-keyint=${gop}:bframes=0:vbv-maxrate=40000:vbv-bufsize=40000:log-level=error`,
        },
      };
    case 'mpeg2-main':
    case 'mpeg2-high': {
      const main = plan.target === 'mpeg2-main';
      return {
        name: FF_ENCODER_MPEG2VIDEO,
        settings: { sc_threshold: '1000000000' }, // a scene cut must not open a GOP
        // ISO/IEC 13818-2 tables 8-13 and 8-14: 15 and 80 Mbit/s with VBV buffers of 1835008 and 9781248 bits
        bitrate: main
          ? { level: 8, mean: 9_000_000, max: 15_000_000, buffer: 1_835_008 }
          : { level: 4, mean: 40_000_000, max: 80_000_000, buffer: 9_781_248 },
      };
    }
  }
}
