import { inputError } from '@smartbox/kernel';
import { AV_PIX_FMT_RGB24, FF_DECODER_JPEG2000, FF_DECODER_MJPEG } from 'node-av/constants';
import { avGetPixFmtName, Codec, CodecContext, Frame, Packet, type FormatContext } from 'node-av/lib';
import { check, isEof, openMedia, shown, videoStream } from './av.ts';
import { encodeJpeg } from './pictures.ts';
import { allocatePicture, Scaler, type PictureKind } from './scaler.ts';
import { PictureDecoder } from './whole-pictures.ts';

export interface RgbFrame {
  /** Order in the stream, from 0. */
  readonly index: number;
  readonly width: number;
  readonly height: number;
  /** R, G, B of each sample, 8 bits each, line after line without padding. */
  readonly rgb: Buffer;
}

/** Every picture of a video, or the one of a picture file, converted by `make`; a few are held at a time. */
export async function* pictures<T>(
  pathOrUrl: string,
  kind: PictureKind,
  make: (picture: Frame, index: number) => T,
): AsyncGenerator<T> {
  const input: FormatContext = await openMedia(pathOrUrl);
  const scaler = new Scaler();
  const packet = new Packet();
  packet.alloc();
  let decoder: PictureDecoder | undefined;
  let target: Frame | undefined;
  let index = 0;
  try {
    const stream = videoStream(input, pathOrUrl);
    decoder = new PictureDecoder(stream, 2);
    const ready: T[] = [];
    const hand = (frame: Frame): void => {
      target ??= allocatePicture(kind, frame.width, frame.height);
      if (target.width !== frame.width || target.height !== frame.height)
        throw inputError('size-changes', `the pictures of ${shown(pathOrUrl)} change their size`);
      check(target.makeWritable(), 'copy a picture'); // whoever kept the last one keeps it
      scaler.scale(target, frame);
      ready.push(make(target, index++));
    };
    for (;;) {
      const code = input.readFrameSync(packet);
      if (isEof(code)) break;
      check(code, `read ${shown(pathOrUrl)}`);
      if (packet.streamIndex === stream.index) decoder.decode(packet, hand);
      packet.unref();
      yield* ready.splice(0);
    }
    decoder.decode(null, hand);
    yield* ready.splice(0);
    if (index === 0) throw inputError('no-frames', `${shown(pathOrUrl)} has no decodable frame`);
  } finally {
    packet.free();
    target?.free();
    decoder?.close();
    scaler.close();
    await input.closeInput();
  }
}

/** The coded pictures of a video as they are, e.g. the JPEGs of Motion JPEG. @throws SmartBoxError `media-error`, `no-video`. */
export async function* codedFrames(pathOrUrl: string): AsyncGenerator<Buffer> {
  const input = await openMedia(pathOrUrl);
  const packet = new Packet();
  packet.alloc();
  try {
    const stream = videoStream(input, pathOrUrl);
    for (;;) {
      const code = input.readFrameSync(packet);
      if (isEof(code)) return;
      check(code, `read ${shown(pathOrUrl)}`);
      const data = packet.streamIndex === stream.index && packet.data ? Buffer.from(packet.data) : undefined;
      packet.unref();
      if (data) yield data;
    }
  } finally {
    packet.free();
    await input.closeInput();
  }
}

/** The samples of an RGB picture, line after line without padding. */
export function packedRgb(frame: Frame): Buffer {
  const line = frame.width * 3;
  const out = Buffer.alloc(line * frame.height);
  const [plane] = frame.data ?? [];
  const stride = frame.linesize[0] ?? line;
  for (let y = 0; y < frame.height; y++) plane?.copy(out, y * line, y * stride, y * stride + line);
  return out;
}

/** The pictures of a video or picture file as RGB. @throws SmartBoxError `media-error`, `no-video`, `no-frames`. */
export function rgbFrames(pathOrUrl: string): AsyncGenerator<RgbFrame> {
  return pictures(pathOrUrl, 'rgb', (frame, index) => ({
    index,
    width: frame.width,
    height: frame.height,
    rgb: packedRgb(frame),
  }));
}

/** The pictures as baseline JPEG, 4:2:2, full range: YBR_FULL_422 (PS3.3 C.7.6.3.1.2). `quality` 1 (best) to 31. */
export function jpegFrames(
  pathOrUrl: string,
  quality = 2,
): AsyncGenerator<{ jpeg: Buffer; width: number; height: number }> {
  return pictures(pathOrUrl, 'jpeg-422', (frame) => ({
    jpeg: encodeJpeg(frame, quality),
    width: frame.width,
    height: frame.height,
  }));
}

export interface DecodedPicture {
  readonly width: number;
  readonly height: number;
  /** FFmpeg's name: `rgb24`, `yuvj422p`. */
  readonly format: string;
  /** Only of `rgb24`: R, G, B without padding. */
  readonly rgb: Buffer | undefined;
}

/** Decodes one JPEG or JPEG 2000 (also HTJ2K) by FFmpeg. @throws SmartBoxError `media-error`. */
export function decodePicture(codecName: 'mjpeg' | 'jpeg2000', bytes: Uint8Array): DecodedPicture {
  const frame = decodeFrame(codecName, bytes);
  try {
    const format = avGetPixFmtName(frame.format as Parameters<typeof avGetPixFmtName>[0]) ?? 'unknown';
    const rgb = (frame.format as number) === (AV_PIX_FMT_RGB24 as number) ? packedRgb(frame) : undefined;
    return { width: frame.width, height: frame.height, format, rgb };
  } finally {
    frame.free();
  }
}

/** As `decodePicture`, in the layout it was coded in; to be freed by the caller. */
export function decodeFrame(codecName: 'mjpeg' | 'jpeg2000', bytes: Uint8Array): Frame {
  const codec = Codec.findDecoderByName(codecName === 'mjpeg' ? FF_DECODER_MJPEG : FF_DECODER_JPEG2000);
  if (!codec) throw inputError('codec-unknown', `this FFmpeg build has no decoder for ${codecName}`);
  const context = new CodecContext();
  const frame = new Frame();
  const packet = new Packet();
  frame.alloc();
  try {
    context.allocContext3(codec);
    context.threadCount = 2;
    check(context.open2Sync(codec, null), `open the decoder ${codecName}`);
    packet.alloc();
    packet.data = Buffer.from(bytes);
    check(context.sendPacketSync(packet), 'decode a picture');
    context.sendPacketSync(null);
    check(context.receiveFrameSync(frame), 'decode a picture');
    return frame;
  } catch (error) {
    frame.free();
    throw error;
  } finally {
    packet.free();
    context.freeContext();
  }
}
