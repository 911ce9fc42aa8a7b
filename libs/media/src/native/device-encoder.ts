import { inputError } from '@smartbox/kernel';
import { HardwareContext } from 'node-av/api';
import {
  AV_PIX_FMT_NV12,
  AV_PIX_FMT_P010LE,
  AV_PIX_FMT_VAAPI,
  AV_PROFILE_HEVC_MAIN,
  AV_PROFILE_HEVC_MAIN_10,
  FF_ENCODER_HEVC_NVENC,
  FF_ENCODER_HEVC_QSV,
  FF_ENCODER_HEVC_VAAPI,
  FF_HWDEVICE_TYPE_CUDA,
  FF_HWDEVICE_TYPE_QSV,
  FF_HWDEVICE_TYPE_VAAPI,
  type AVPixelFormat,
  type FFEncoderCodec,
  type FFHWDeviceType,
} from 'node-av/constants';
import { Codec, Frame, HardwareFramesContext, type Packet } from 'node-av/lib';
import type { Hardware } from '../coding.ts';
import { check } from './av.ts';
import { allocatePicture, Scaler, type PictureKind } from './scaler.ts';
import { gopOf, openContext, planned, type EncoderSettings, type VideoEncoder } from './video-encoder.ts';
import type { VideoPlan } from './video-target.ts';

/** The machine as far as encoders go; specs put another one in its place. */
export interface Machine {
  /** Opens an encoder on its device. @throws where the build, the device or the encoder is not there */
  open(hardware: Hardware, plan: VideoPlan, settings: EncoderSettings): VideoEncoder;
}

interface Way {
  readonly encoder: FFEncoderCodec;
  readonly device: FFHWDeviceType;
  /** For a quality like x265's `crf`. */
  readonly settings: (crf: number, ten: boolean) => Readonly<Record<string, string>>;
}

const profile = (ten: boolean): string => (ten ? 'main10' : 'main');
/** Main tier of level 5.1 ends at 40 Mbit/s (ISO/IEC 23008-2 table A.8). */
const MAX_BITRATE = 40_000_000;

const WAYS: Readonly<Record<Hardware, Way>> = {
  nvenc: {
    encoder: FF_ENCODER_HEVC_NVENC,
    device: FF_HWDEVICE_TYPE_CUDA,
    settings: (crf, ten) => ({
      preset: 'p5',
      tune: 'hq',
      profile: profile(ten),
      tier: 'main',
      level: '5.1',
      rc: 'vbr',
      cq: String(crf),
      'no-scenecut': '1',
      'forced-idr': '1',
    }),
  },
  qsv: {
    encoder: FF_ENCODER_HEVC_QSV,
    device: FF_HWDEVICE_TYPE_QSV,
    settings: (crf, ten) => ({
      preset: 'medium',
      profile: profile(ten),
      tier: 'main',
      idr_interval: '0',
      global_quality: String(crf),
    }),
  },
  vaapi: {
    encoder: FF_ENCODER_HEVC_VAAPI,
    device: FF_HWDEVICE_TYPE_VAAPI,
    settings: (crf, ten) => ({
      profile: profile(ten),
      tier: 'main',
      level: '5.1',
      rc_mode: 'CQP',
      qp: String(crf),
      idr_interval: '0',
    }),
  },
};

/** The one that this process runs on. */
export const thisMachine: Machine = {
  open(hardware, plan, given) {
    const { encoder, device: kind, settings } = WAYS[hardware];
    if (!Codec.findEncoderByName(encoder)) throw inputError('encoder-missing', `this FFmpeg build has no ${encoder}`);
    const device = HardwareContext.create(kind);
    if (!device) throw inputError('no-device', `there is no ${kind} device`);
    const ten = plan.target === 'hevc-main10';
    try {
      const opened = planned(plan, encoder, given.threads ?? 2);
      const { context } = opened;
      const samples = ten ? AV_PIX_FMT_P010LE : AV_PIX_FMT_NV12;
      context.profile = ten ? AV_PROFILE_HEVC_MAIN_10 : AV_PROFILE_HEVC_MAIN;
      context.rcMaxRate = BigInt(MAX_BITRATE);
      context.rcBufferSize = MAX_BITRATE;
      context.gopSize = gopOf(plan);
      context.hwDeviceCtx = device.deviceContext;
      const pool = hardware === 'vaapi' ? framesOn(device, plan, samples) : undefined;
      context.pixelFormat = pool ? AV_PIX_FMT_VAAPI : samples;
      if (pool) context.hwFramesCtx = pool;
      const inner = openContext(plan, opened, settings(given.crf ?? 20, ten));
      return new OnDevice(inner, device, ten ? 'device-10' : 'device', pool);
    } catch (error) {
      device.dispose();
      throw error;
    }
  },
};

function framesOn(device: HardwareContext, plan: VideoPlan, samples: AVPixelFormat): HardwareFramesContext {
  const pool = new HardwareFramesContext();
  pool.alloc(device.deviceContext);
  pool.format = AV_PIX_FMT_VAAPI;
  pool.swFormat = samples;
  pool.width = plan.width;
  pool.height = plan.height;
  pool.initialPoolSize = 20;
  check(pool.init(), 'reserve pictures on the device');
  return pool;
}

/** Gives pictures to a device in its own layout, into its memory where it takes none from ours. */
class OnDevice implements VideoEncoder {
  readonly description: string;
  readonly parameters: VideoEncoder['parameters'];
  private readonly inner: VideoEncoder;
  private readonly device: HardwareContext;
  private readonly kind: PictureKind;
  private readonly pool: HardwareFramesContext | undefined;
  private readonly scaler = new Scaler();

  constructor(inner: VideoEncoder, device: HardwareContext, kind: PictureKind, pool?: HardwareFramesContext) {
    this.inner = inner;
    this.device = device;
    this.kind = kind;
    this.pool = pool;
    this.description = inner.description;
    this.parameters = inner.parameters;
  }

  send(picture: Frame | null): void {
    if (!picture) return this.inner.send(null);
    const own = allocatePicture(this.kind, picture.width, picture.height);
    const there = new Frame();
    try {
      this.scaler.scale(own, picture);
      own.pts = picture.pts;
      if (!this.pool) return this.inner.send(own);
      there.alloc();
      check(this.pool.getBuffer(there), 'reserve a picture on the device');
      check(this.pool.transferDataSync(there, own), 'bring a picture to the device');
      there.pts = picture.pts;
      this.inner.send(there);
    } finally {
      own.free();
      there.free();
    }
  }

  receive(packet: Packet): boolean {
    return this.inner.receive(packet);
  }

  close(): void {
    this.inner.close();
    this.scaler.close();
    this.pool?.free();
    this.device.dispose();
  }
}
