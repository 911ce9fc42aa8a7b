import {
  AV_CODEC_FLAG_QSCALE,
  AVCOL_RANGE_JPEG,
  AVCOL_SPC_BT470BG,
  AVSEEK_FLAG_BACKWARD,
  FF_ENCODER_MJPEG,
} from 'node-av/constants';
import { inputError, SmartBoxError } from '@smartbox/kernel';
import { AV_NOPTS_VALUE } from 'node-av/constants';
import { Codec, CodecContext, Frame, Packet, Rational, type FormatContext, type Stream } from 'node-av/lib';
import { TIMESCALE } from '../frame-rate.ts';
import { check, isEof, openMedia, shown, videoStream } from './av.ts';
import { ticks } from './decode.ts';
import { allocatePicture, Scaler } from './scaler.ts';
import { shownSize } from './upright.ts';
import { PictureDecoder, type OnPicture } from './whole-pictures.ts';

/** Where in the video, from its first frame: milliseconds, or the frame's number (constant frame rate) from 0. */
export type Position = { readonly ms: number } | { readonly frame: number };

export interface Picture {
  readonly jpeg: Buffer;
  readonly width: number;
  readonly height: number;
  /** Time of the picture from the first frame, in ms. */
  readonly atMs: number;
}

export interface PictureOptions {
  /** Scaled to this width; the height follows. Default: as in the video. */
  readonly width?: number;
  /** FFmpeg's scale, 1 (best) to 31. Default 2. */
  readonly quality?: number;
}

const FF_QP2LAMBDA = 118;

/** Baseline JPEG of one full-range picture. */
export function encodeJpeg(picture: Frame, quality: number): Buffer {
  const codec = Codec.findEncoderByName(FF_ENCODER_MJPEG);
  if (!codec) throw inputError('encoder-missing', 'this FFmpeg build has no mjpeg encoder');
  const context = new CodecContext();
  const packet = new Packet();
  try {
    context.allocContext3(codec);
    context.width = picture.width;
    context.height = picture.height;
    context.pixelFormat = picture.format as typeof context.pixelFormat;
    context.timeBase = new Rational(1, TIMESCALE);
    context.colorRange = AVCOL_RANGE_JPEG;
    context.colorSpace = AVCOL_SPC_BT470BG;
    context.setFlags(AV_CODEC_FLAG_QSCALE);
    context.globalQuality = quality * FF_QP2LAMBDA;
    context.qMin = 1;
    context.threadCount = 1;
    check(context.open2Sync(codec, null), 'open the JPEG encoder');
    picture.quality = quality * FF_QP2LAMBDA;
    picture.pts = 0n;
    check(context.sendFrameSync(picture), 'encode a JPEG');
    check(context.sendFrameSync(null), 'encode a JPEG');
    packet.alloc();
    check(context.receivePacketSync(packet), 'encode a JPEG');
    return Buffer.from(packet.data ?? []);
  } finally {
    packet.free();
    context.freeContext();
  }
}

/** Random access into one video: seeks, decodes, and scales single pictures. Works on http(s) URLs by range reads. */
export class PictureReader {
  private readonly input: FormatContext;
  private readonly stream: Stream;
  private readonly decoder: PictureDecoder;
  private readonly scaler = new Scaler();
  private readonly name: string;
  private readonly startTicks: number;

  private constructor(input: FormatContext, pathOrUrl: string) {
    this.input = input;
    this.name = shown(pathOrUrl);
    this.stream = videoStream(input, pathOrUrl);
    this.decoder = new PictureDecoder(this.stream);
    this.startTicks = this.toTicks(this.stream.startTime);
  }

  static async open(pathOrUrl: string): Promise<PictureReader> {
    const input = await openMedia(pathOrUrl);
    try {
      return new PictureReader(input, pathOrUrl);
    } catch (error) {
      await input.closeInput();
      throw error;
    }
  }

  /** As shown. */
  get size(): { width: number; height: number } {
    return shownSize(this.stream);
  }

  /** From the container; 0 when it does not say. */
  get durationMs(): number {
    const own = this.stream.duration;
    if (own !== AV_NOPTS_VALUE && own > 0n) return this.toTicks(own) / 90;
    return this.input.duration > 0n ? Number(this.input.duration) / 1000 : 0;
  }

  private get frameTicks(): number {
    const { num, den } = this.stream.avgFrameRate;
    return num > 0 ? (TIMESCALE * den) / num : TIMESCALE / 30;
  }

  private toTicks(time: bigint): number {
    return ticks(time, this.stream.timeBase.num, this.stream.timeBase.den);
  }

  /**
   * The picture shown at a position: exactly that frame, or (fast) the keyframe at or before it. A position after the
   * end gives the last frame. The frame belongs to the caller, who frees it.
   */
  frameAt(position: Position, mode: 'exact' | 'keyframe' = 'exact'): { frame: Frame; atMs: number } {
    const offset = 'frame' in position ? position.frame * this.frameTicks : position.ms * 90;
    if (!(offset >= 0)) throw inputError('bad-position', `position ${JSON.stringify(position)} has to be zero or more`);
    const wanted = this.startTicks + offset;
    const { num, den } = this.stream.timeBase;
    const seekTo = BigInt(Math.round((wanted * den) / (num * TIMESCALE)));
    // a container without an index cannot seek: then it is read from where it stands
    this.input.seekFrameSync(this.stream.index, seekTo, AVSEEK_FLAG_BACKWARD);
    this.decoder.flush();
    const held = new Frame();
    held.alloc();
    let heldTicks = -1;
    const hand = (frame: Frame, time: number | null): boolean => {
      const at = time ?? 0;
      if (heldTicks >= 0 && at > wanted + this.frameTicks * 0.5) return false; // the held one is shown at that time
      held.unref();
      held.ref(frame);
      heldTicks = at;
      return mode === 'exact' && at < wanted - this.frameTicks * 0.5;
    };
    this.decodeUntil(hand);
    if (heldTicks < 0) {
      held.free();
      throw new SmartBoxError({
        code: 'no-frames',
        message: `${this.name} has no decodable frame at ${JSON.stringify(position)}`,
        fault: 'input',
      });
    }
    return { frame: held, atMs: (heldTicks - this.startTicks) / 90 };
  }

  private decodeUntil(hand: OnPicture): void {
    const packet = new Packet();
    packet.alloc();
    try {
      for (;;) {
        const code = this.input.readFrameSync(packet);
        if (isEof(code)) break;
        check(code, `read ${this.name}`);
        const more = packet.streamIndex !== this.stream.index || this.decoder.decode(packet, hand);
        packet.unref();
        if (!more) return;
      }
      this.decoder.decode(null, hand);
    } finally {
      packet.free();
    }
  }

  /** One picture as JPEG. */
  picture(position: Position, options: PictureOptions = {}): Picture {
    const { frame, atMs } = this.frameAt(position);
    const size = fit(frame, options.width);
    const target = allocatePicture('jpeg-420', size.width, size.height);
    try {
      this.scaler.scale(target, frame);
      return { jpeg: encodeJpeg(target, options.quality ?? 2), ...size, atMs };
    } finally {
      frame.free();
      target.free();
    }
  }

  /** Draws the keyframe at or before `ms` into a tile of a larger full-range 4:2:0 picture. */
  thumbnail(ms: number, sheet: Frame, x: number, y: number, width: number, height: number): void {
    const { frame } = this.frameAt({ ms }, 'keyframe');
    const tile = allocatePicture('jpeg-420', width, height);
    try {
      this.scaler.scale(tile, frame);
      for (const plane of [0, 1, 2]) copyPlane(sheet, tile, plane, x, y);
    } finally {
      frame.free();
      tile.free();
    }
  }

  async close(): Promise<void> {
    this.decoder.close();
    this.scaler.close();
    await this.input.closeInput();
  }
}

function fit(frame: Frame, width: number | undefined): { width: number; height: number } {
  if (width === undefined || width >= frame.width) return { width: frame.width, height: frame.height };
  return {
    width: 2 * Math.round(width / 2),
    height: 2 * Math.max(1, Math.round((frame.height * width) / frame.width / 2)),
  };
}

function copyPlane(sheet: Frame, tile: Frame, plane: number, x: number, y: number): void {
  const shift = plane === 0 ? 0 : 1;
  const to = sheet.data?.[plane];
  const from = tile.data?.[plane];
  const toStride = sheet.linesize[plane] ?? 0;
  const fromStride = tile.linesize[plane] ?? 0;
  if (!to || !from) return;
  for (let line = 0; line < tile.height >> shift; line++)
    to.set(
      from.subarray(line * fromStride, line * fromStride + (tile.width >> shift)),
      (line + (y >> shift)) * toStride + (x >> shift),
    );
}

/** One picture of a file or URL (a presigned S3 URL is read by ranges). */
export async function takePicture(pathOrUrl: string, position: Position, options?: PictureOptions): Promise<Picture> {
  const reader = await PictureReader.open(pathOrUrl);
  try {
    return reader.picture(position, options);
  } finally {
    await reader.close();
  }
}

export interface SpriteOptions {
  /** Number of thumbnails, evenly over the video. Default 60. */
  readonly count?: number;
  /** Default 10. */
  readonly columns?: number;
  /** Default 160. */
  readonly thumbWidth?: number;
  /** The sheet's name in the WebVTT. Default `sprite.jpg`. */
  readonly url?: string;
}

export interface SpriteSheet {
  readonly jpeg: Buffer;
  /** WebVTT with `#xywh` fragments, one cue per thumbnail. */
  readonly vtt: string;
  readonly count: number;
  readonly columns: number;
  readonly rows: number;
  readonly thumbWidth: number;
  readonly thumbHeight: number;
}

/** Thumbnails of a whole video in one JPEG (nearest keyframes), for the player's scrub bar. */
export async function spriteSheet(pathOrUrl: string, options: SpriteOptions = {}): Promise<SpriteSheet> {
  const reader = await PictureReader.open(pathOrUrl);
  try {
    const duration = Math.max(1, reader.durationMs);
    const count = Math.max(1, Math.min(options.count ?? 60, Math.ceil(duration / 100)));
    const columns = Math.min(options.columns ?? 10, count);
    const rows = Math.ceil(count / columns);
    const thumbWidth = 2 * Math.round((options.thumbWidth ?? 160) / 2);
    const thumbHeight = 2 * Math.max(1, Math.round((thumbWidth * reader.size.height) / reader.size.width / 2));
    const sheet = allocatePicture('jpeg-420', thumbWidth * columns, thumbHeight * rows);
    for (const [plane, value] of [0, 128, 128].entries()) sheet.data?.[plane]?.fill(value);
    const cues = ['WEBVTT', ''];
    for (let i = 0; i < count; i++) {
      const x = (i % columns) * thumbWidth;
      const y = Math.floor(i / columns) * thumbHeight;
      reader.thumbnail((i * duration) / count, sheet, x, y, thumbWidth, thumbHeight);
      const span = `${vttTime((i * duration) / count)} --> ${vttTime(((i + 1) * duration) / count)}`;
      cues.push(span, `${options.url ?? 'sprite.jpg'}#xywh=${x},${y},${thumbWidth},${thumbHeight}`, '');
    }
    const jpeg = encodeJpeg(sheet, 4);
    sheet.free();
    return { jpeg, vtt: cues.join('\n'), count, columns, rows, thumbWidth, thumbHeight };
  } finally {
    await reader.close();
  }
}

function vttTime(ms: number): string {
  return new Date(Math.round(ms)).toISOString().slice(11, 23);
}
