import { inputError } from '@smartbox/kernel';
import {
  AV_PICTURE_TYPE_I,
  AV_PICTURE_TYPE_NONE,
  AV_PIX_FMT_YUV420P,
  AVCOL_PRI_BT709,
  AVCOL_RANGE_MPEG,
  AVCOL_SPC_BT709,
  AVCOL_TRC_BT709,
  FF_ENCODER_LIBX264,
} from 'node-av/constants';
import { Codec, CodecContext, Frame, Packet, Rational } from 'node-av/lib';
import { TIMESCALE, type FrameRate } from '../frame-rate.ts';
import { levelFor } from '../h264/level.ts';
import type { AccessUnit } from '../h264/nal.ts';
import type { Yuv420Planes } from '../pattern/synthetic.ts';
import { again, check } from './av.ts';

export interface EncoderOptions {
  readonly width: number;
  readonly height: number;
  readonly frameRate: FrameRate;
  /** Bits per second; also the VBV's maximum rate, with a buffer of half a second. */
  readonly bitrate: number;
  /** x264 preset. Default `superfast`. */
  readonly preset?: string;
  /** Slices per picture, encoded in parallel. Default 1; more for 1080p60 and up. */
  readonly threads?: number;
}

/**
 * H.264 for the ring: every picture comes out at once (zerolatency, no B-frames), an IDR only where the caller asks
 * for one, so that the GOPs of all sources of a station start together. Parameter sets are repeated at each IDR, GOPs
 * are closed, and streams of equal settings can be joined without re-encoding (`stitchable`).
 */
export class H264Encoder {
  /** The exact settings, for the manifest. */
  readonly description: string;
  readonly level: string;
  private readonly context: CodecContext;
  private readonly frame: Frame;
  private readonly packet: Packet;
  private buffers: Yuv420Planes;

  /** @throws SmartBoxError `size-not-encodable`, `bad-picture-size`, `media-error`. */
  constructor(options: EncoderOptions) {
    const { width, height, frameRate, bitrate } = options;
    if (width % 2 || height % 2 || width < 16 || height < 16)
      throw inputError(
        'bad-picture-size',
        `picture size ${width}x${height} has to be even and at least 16x16 for 4:2:0`,
      );
    const { level } = levelFor(width, height, frameRate);
    this.level = level;
    const settings: Record<string, string> = {
      preset: options.preset ?? 'superfast',
      tune: 'zerolatency',
      profile: 'high',
      level,
      'forced-idr': '1',
      'x264-params': 'stitchable=1:scenecut=0:open-gop=0:keyint=infinite:repeat-headers=1',
    };
    const codec = Codec.findEncoderByName(FF_ENCODER_LIBX264);
    if (!codec) throw inputError('encoder-missing', 'this FFmpeg build has no libx264');
    const context = new CodecContext();
    context.allocContext3(codec);
    context.width = width;
    context.height = height;
    context.pixelFormat = AV_PIX_FMT_YUV420P;
    context.timeBase = new Rational(1, TIMESCALE);
    context.framerate = new Rational(frameRate.num, frameRate.den);
    context.maxBFrames = 0;
    context.bitRate = BigInt(bitrate);
    context.rcMaxRate = BigInt(bitrate);
    context.rcBufferSize = Math.round(bitrate / 2);
    context.threadCount = options.threads ?? 1;
    context.colorRange = AVCOL_RANGE_MPEG;
    context.colorPrimaries = AVCOL_PRI_BT709;
    context.colorTrc = AVCOL_TRC_BT709;
    context.colorSpace = AVCOL_SPC_BT709;
    // not a Dictionary: open2Sync frees the native one and leaves the wrapper dangling (node-av 6.1)
    for (const [name, value] of Object.entries(settings))
      check(context.setOption(name, value), `set the encoder option ${name}=${value}`);
    check(context.open2Sync(codec, null), `open libx264 for ${width}x${height} at ${frameRate.num}/${frameRate.den}`);
    this.context = context;
    this.description = `libx264 ${Object.entries(settings)
      .map(([name, value]) => `${name}=${value}`)
      .join(
        ' ',
      )} bf=0 b=${bitrate} maxrate=${bitrate} bufsize=${Math.round(bitrate / 2)} threads=${options.threads ?? 1}`;
    this.frame = new Frame();
    this.frame.alloc();
    this.frame.format = AV_PIX_FMT_YUV420P;
    this.frame.width = width;
    this.frame.height = height;
    this.frame.colorRange = AVCOL_RANGE_MPEG;
    this.frame.colorPrimaries = AVCOL_PRI_BT709;
    this.frame.colorTrc = AVCOL_TRC_BT709;
    this.frame.colorSpace = AVCOL_SPC_BT709;
    check(this.frame.getBuffer(32), 'allocate a picture');
    this.buffers = viewPlanes(this.frame);
    this.packet = new Packet();
    this.packet.alloc();
  }

  /** The picture that `encode` takes, written in place. Its contents stay between calls. */
  get planes(): Yuv420Planes {
    return this.buffers;
  }

  /** The same picture as a native frame, for a scaler to write into. */
  get picture(): Frame {
    return this.frame;
  }

  /** Encodes the picture at `pts` (90 kHz, growing); `idr` begins a GOP with it. The first one always does. */
  encode(pts: number, idr: boolean): AccessUnit | null {
    if (!this.frame.isWritable) {
      check(this.frame.makeWritable(), 'copy the picture');
      this.buffers = viewPlanes(this.frame);
    }
    this.frame.pts = BigInt(Math.round(pts));
    this.frame.pictType = idr ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    check(this.context.sendFrameSync(this.frame), 'encode a picture');
    return this.receive();
  }

  private receive(): AccessUnit | null {
    const code = this.context.receivePacketSync(this.packet);
    if (again(code)) return null;
    check(code, 'encode a picture');
    const { data } = this.packet;
    const unit = data
      ? {
          data: Buffer.from(data),
          pts: Number(this.packet.pts),
          dts: Number(this.packet.dts),
          keyframe: this.packet.isKeyframe,
        }
      : null;
    this.packet.unref();
    return unit;
  }

  close(): void {
    this.packet.free();
    this.frame.free();
    this.context.freeContext();
  }
}

/** Views of a software 4:2:0 frame's planes; valid as long as the frame's buffer. */
export function viewPlanes(frame: Frame): Yuv420Planes {
  const [y, u, v] = frame.data ?? [];
  const [strideY, strideC] = frame.linesize;
  if (!y || !u || !v || !strideY || !strideC) throw inputError('bad-picture', 'the frame has no 4:2:0 planes');
  return { y, u, v, strideY, strideC };
}
