import { inputError } from '@smartbox/kernel';
import { AV_PIX_FMT_RGB24, FF_ENCODER_PNG } from 'node-av/constants';
import { Codec, CodecContext, Packet, Rational, type Frame } from 'node-av/lib';
import type { Closeness } from '../coding.ts';
import { encodeHtj2k } from '../htj2k/codec.ts';
import { check, shown } from './av.ts';
import { closenessOf } from './closeness.ts';
import { framesAt } from './exact-frame.ts';
import { decodeFrame, packedRgb } from './frames.ts';
import { encodeJpeg } from './pictures.ts';
import { Comparison } from './quality/comparison.ts';
import { allocatePicture, Scaler } from './scaler.ts';

/** `jpeg`: baseline 4:2:2, the best that JPEG gives; `png` and `htj2k`: R, G, B without any loss. */
export const STILL_FORMATS = ['jpeg', 'png', 'htj2k'] as const;
export type StillFormat = (typeof STILL_FORMATS)[number];

export interface Still {
  readonly bytes: Buffer;
  readonly contentType: 'image/jpeg' | 'image/png' | 'image/j2c';
  readonly width: number;
  readonly height: number;
  /** Of encoding. */
  readonly durationMs: number;
  /** Of a JPEG to the picture that it was made of. */
  readonly closeness?: Closeness;
}

/**
 * One frame by its number, counted from 0 in presentation order, in full size.
 * @throws SmartBoxError `no-frames` where there is no such frame, `media-error`, `no-video`.
 */
export async function takeStill(
  path: string,
  frame: number,
  format: StillFormat,
  signal?: AbortSignal,
): Promise<Still> {
  const [picture] = await framesAt(path, frame, 0, signal);
  if (!picture) throw inputError('no-frames', `${shown(path)} has no frame ${frame}`);
  const { width, height } = picture;
  const scaler = new Scaler();
  const target = allocatePicture(format === 'jpeg' ? 'jpeg-422' : 'rgb', width, height);
  const begun = performance.now();
  try {
    scaler.scale(target, picture);
    const coded = await encodeStill(target, format);
    const durationMs = Math.round(performance.now() - begun);
    const closeness = format === 'jpeg' ? { closeness: closenessOfJpeg(target, coded.bytes) } : {};
    return { ...coded, width, height, durationMs, ...closeness };
  } finally {
    picture.free();
    target.free();
    scaler.close();
  }
}

async function encodeStill(picture: Frame, format: StillFormat): Promise<Pick<Still, 'bytes' | 'contentType'>> {
  if (format === 'jpeg') return { bytes: encodeJpeg(picture, 1), contentType: 'image/jpeg' };
  if (format === 'png') return { bytes: encodePng(picture), contentType: 'image/png' };
  const { width, height } = picture;
  const { bytes } = await encodeHtj2k({ rgb: packedRgb(picture), width, height });
  return { bytes: Buffer.from(bytes), contentType: 'image/j2c' };
}

function closenessOfJpeg(picture: Frame, jpeg: Buffer): Closeness {
  const comparison = new Comparison({});
  const decoded = decodeFrame('mjpeg', jpeg);
  try {
    comparison.pair(picture, decoded, 0);
    return closenessOf(comparison.report(1, 1));
  } finally {
    decoded.free();
    comparison.close();
  }
}

function encodePng(rgb: Frame): Buffer {
  const codec = Codec.findEncoderByName(FF_ENCODER_PNG);
  if (!codec) throw inputError('encoder-missing', 'this FFmpeg build has no PNG encoder');
  const context = new CodecContext();
  const packet = new Packet();
  try {
    context.allocContext3(codec);
    context.width = rgb.width;
    context.height = rgb.height;
    context.pixelFormat = AV_PIX_FMT_RGB24;
    context.timeBase = new Rational(1, 25);
    check(context.open2Sync(codec, null), 'open the PNG encoder');
    rgb.pts = 0n;
    check(context.sendFrameSync(rgb), 'encode a PNG');
    check(context.sendFrameSync(null), 'encode a PNG');
    packet.alloc();
    check(context.receivePacketSync(packet), 'encode a PNG');
    return Buffer.from(packet.data ?? []);
  } finally {
    packet.free();
    context.freeContext();
  }
}
