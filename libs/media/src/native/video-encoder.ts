import { inputError } from '@smartbox/kernel';
import {
  AV_CODEC_FLAG_CLOSED_GOP,
  AV_CODEC_FLAG_INTERLACED_DCT,
  AV_CODEC_FLAG_INTERLACED_ME,
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
import { Codec, CodecContext, CodecParameters, Rational, type Frame, type Packet } from 'node-av/lib';
import { again, check } from './av.ts';
import { GLOBAL_HEADER } from './mp4-writer.ts';
import type { VideoPlan } from './video-target.ts';

export interface EncoderSettings {
  /** Quality, 0-51, for x264 and x265. Default 20. */
  readonly crf?: number | undefined;
  /** Default `veryfast`; `ultrafast` for x265 of more than 1080 lines, where software needs seconds per frame else. */
  readonly preset?: string | undefined;
  readonly threads?: number | undefined;
}

/** An open encoder, synchronous; what it gives is taken after each picture. */
export interface VideoEncoder {
  /** Exact settings, for the manifest. */
  readonly description: string;
  /** Of the stream, for a container. */
  readonly parameters: CodecParameters;
  /** Null ends the stream. */
  send(picture: Frame | null): void;
  /** False where there is nothing yet. */
  receive(packet: Packet): boolean;
  close(): void;
}

export const gopOf = ({ frameRate }: VideoPlan): number => Math.max(1, Math.round(frameRate.num / frameRate.den));

/** A codec context with what every plan asks for: constant rate, closed GOPs, no B-frames. */
export function planned(
  plan: VideoPlan,
  name: FFEncoderCodec,
  threads: number,
): { codec: Codec; context: CodecContext } {
  const codec = Codec.findEncoderByName(name);
  if (!codec) throw inputError('encoder-missing', `this FFmpeg build has no ${name}`);
  const context = new CodecContext();
  context.allocContext3(codec);
  context.width = plan.width;
  context.height = plan.height;
  context.timeBase = new Rational(plan.frameRate.den, plan.frameRate.num);
  context.framerate = new Rational(plan.frameRate.num, plan.frameRate.den);
  context.sampleAspectRatio = new Rational(plan.sampleAspect[0], plan.sampleAspect[1]);
  context.gopSize = gopOf(plan);
  context.maxBFrames = 0;
  context.threadCount = threads;
  context.colorRange = AVCOL_RANGE_MPEG;
  context.colorPrimaries = AVCOL_PRI_BT709;
  context.colorTrc = AVCOL_TRC_BT709;
  context.colorSpace = AVCOL_SPC_BT709;
  context.setFlags(...(plan.container === 'mp4' ? [GLOBAL_HEADER] : []), AV_CODEC_FLAG_CLOSED_GOP);
  return { codec, context };
}

/** Sets the options, opens, and says what was opened. */
export function openContext(
  plan: VideoPlan,
  { codec, context }: { codec: Codec; context: CodecContext },
  settings: Readonly<Record<string, string>>,
  more: readonly string[] = [],
): VideoEncoder {
  for (const [key, value] of Object.entries(settings))
    check(context.setOption(key, value), `set the encoder option ${key}=${value}`);
  check(context.open2Sync(codec, null), `open ${codec.name ?? ''} for ${plan.width}x${plan.height}`);
  const parameters = new CodecParameters();
  parameters.alloc();
  check(parameters.fromContext(context), 'read the encoder parameters');
  return {
    description: [codec.name, ...Object.entries(settings).map(([key, value]) => `${key}=${value}`), ...more].join(' '),
    parameters,
    send(picture) {
      check(context.sendFrameSync(picture), 'encode a picture');
    },
    receive(packet) {
      const code = context.receivePacketSync(packet);
      if (again(code)) return false;
      check(code, 'encode a picture');
      return true;
    },
    close: () => context.freeContext(),
  };
}

/** The software encoder of a plan: x264, x265 or FFmpeg's MPEG-2. */
export function openSoftwareEncoder(plan: VideoPlan, given: EncoderSettings): VideoEncoder {
  const { name, settings, bitrate } = settingsOf(plan, given);
  const opened = planned(plan, name, given.threads ?? 2);
  const { context } = opened;
  context.pixelFormat = plan.target === 'hevc-main10' ? AV_PIX_FMT_YUV420P10LE : AV_PIX_FMT_YUV420P;
  if (plan.fields) context.setFlags(AV_CODEC_FLAG_INTERLACED_DCT, AV_CODEC_FLAG_INTERLACED_ME);
  if (bitrate) {
    context.profile = AV_PROFILE_MPEG2_MAIN;
    context.level = bitrate.level;
    context.gopSize = Math.min(15, gopOf(plan));
    context.bitRate = BigInt(bitrate.mean);
    context.rcMaxRate = BigInt(bitrate.max);
    context.rcBufferSize = bitrate.buffer;
  }
  const rate = bitrate ? [`b=${bitrate.mean} maxrate=${bitrate.max}`] : [];
  return openContext(plan, opened, settings, [...rate, ...(plan.fields ? [`interlaced ${plan.fields}`] : [])]);
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
  given: EncoderSettings,
): { name: FFEncoderCodec; settings: Record<string, string>; bitrate?: Mpeg2Rate } {
  const crf = String(given.crf ?? 20);
  const gop = gopOf(plan);
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
          'x264-params': `8x8dct=1:cabac=1:open-gop=0:scenecut=0:keyint=${gop}:bframes=0:nal-hrd=none:${vbv}${plan.fields ? `:${plan.fields}=1` : ''}`,
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
