import { createHash, type Hash } from 'node:crypto';
import { SmartBoxError } from '@smartbox/kernel';
import { AV_CODEC_FLAG_OUTPUT_CORRUPT, AV_CODEC_ID_H264, AV_CODEC_ID_HEVC, AV_NOPTS_VALUE } from 'node-av/constants';
import { Codec, CodecContext, Frame, Packet, type FormatContext, type Rational, type Stream } from 'node-av/lib';
import { TIMESCALE } from '../frame-rate.ts';
import { readFrameCounter } from '../pattern/counter.ts';
import { again, avError, check, isEof, openMedia, sampleAspectOf, shown, videoStream, type OpenOptions } from './av.ts';
import { DamageWatch } from './damage.ts';

export interface Refusal {
  /** What is decoded, for the error. */
  readonly path: string;
  /** Number of the first frame that is to come. Default 0. */
  readonly first?: number;
}

/**
 * A decoder for one stream, synchronous (for child processes and specs). Damage is concealed, as players do, unless
 * there is a `Refusal`: then nothing that was invented or lost passes.
 */
export class VideoDecoder {
  private readonly context: CodecContext;
  private readonly frame: Frame;
  private readonly watch: DamageWatch | null;
  private readonly sampleAspect: Rational | undefined;

  constructor(stream: Pick<Stream, 'codecpar' | 'timeBase'> & Partial<Stream>, threads = 1, refuse?: Refusal) {
    const { codecId } = stream.codecpar;
    const codec = Codec.findDecoder(codecId);
    if (!codec)
      throw new SmartBoxError({
        code: 'codec-unknown',
        message: `there is no decoder for codec ${codecId}`,
        fault: 'input',
      });
    this.context = new CodecContext();
    this.context.allocContext3(codec);
    check(this.context.parametersToContext(stream.codecpar), 'read the codec parameters');
    this.context.pktTimebase = stream.timeBase;
    this.context.threadCount = threads;
    this.context.clearFlags(AV_CODEC_FLAG_OUTPUT_CORRUPT);
    const single = codecId === AV_CODEC_ID_H264 || codecId === AV_CODEC_ID_HEVC;
    this.watch = refuse ? new DamageWatch(refuse.path, refuse.first ?? 0, single) : null;
    if (refuse) check(this.context.setOption('err_detect', 'explode+crccheck'), 'look for damage');
    check(this.context.open2Sync(codec, null), `open the decoder ${codec.name ?? ''}`);
    this.frame = new Frame();
    this.frame.alloc();
    this.sampleAspect = sampleAspectOf(stream);
  }

  /** Feeds one packet (null drains) and hands out what is ready. The frame is valid during the call only. */
  decode(packet: Packet | null, onFrame: (frame: Frame) => boolean | void): boolean {
    if (packet) this.watch?.feed(packet);
    this.accept(this.context.sendPacketSync(packet));
    for (;;) {
      const code = this.context.receiveFrameSync(this.frame);
      this.accept(code);
      if (again(code)) {
        if (!packet) this.watch?.end();
        return true;
      }
      this.watch?.check(this.frame);
      if (this.sampleAspect) this.frame.sampleAspectRatio = this.sampleAspect;
      const stop = onFrame(this.frame) === false;
      this.frame.unref();
      if (stop) return false;
    }
  }

  private accept(code: number): void {
    if (code < 0 && !again(code)) throw this.watch?.failed() ?? avError(code, 'decode a picture');
  }

  flush(): void {
    this.context.flushBuffers();
  }

  close(): void {
    this.frame.free();
    this.context.freeContext();
  }
}

export interface DecodedFrame {
  /** Order in the stream, from 0. */
  readonly index: number;
  /** Presentation time, ticks of 90 kHz, as in the file (not rebased). */
  readonly pts: number;
  readonly width: number;
  readonly height: number;
  readonly keyframe: boolean;
  /** The native picture; valid during the call only. */
  readonly frame: Frame;
}

/**
 * Decodes the video of a file or URL in presentation order; `onFrame` returns false to stop.
 * @returns the number of frames handed out.
 */
export async function decodeFrames(
  pathOrUrl: string,
  onFrame: (frame: DecodedFrame) => boolean | void,
  open?: OpenOptions,
): Promise<number> {
  const input = await openMedia(pathOrUrl, open);
  try {
    return decodeAll(input, pathOrUrl, onFrame);
  } finally {
    await input.closeInput();
  }
}

function decodeAll(input: FormatContext, pathOrUrl: string, onFrame: (frame: DecodedFrame) => boolean | void): number {
  const stream = videoStream(input, pathOrUrl);
  const { num, den } = stream.timeBase;
  const decoder = new VideoDecoder(stream, 2);
  const packet = new Packet();
  packet.alloc();
  let index = 0;
  const hand = (frame: Frame): boolean | void =>
    onFrame({
      index: index++,
      pts: ticks(frame.bestEffortTimestamp, num, den),
      width: frame.width,
      height: frame.height,
      keyframe: frame.keyFrame === 1,
      frame,
    });
  try {
    for (;;) {
      const code = input.readFrameSync(packet);
      if (isEof(code)) break;
      check(code, `read ${shown(pathOrUrl)}`);
      const more = packet.streamIndex !== stream.index || decoder.decode(packet, hand);
      packet.unref();
      if (!more) return index;
    }
    decoder.decode(null, hand);
    return index;
  } finally {
    packet.free();
    decoder.close();
  }
}

/** A stream time in ticks of 90 kHz; 0 when there is none. */
export function ticks(time: bigint, num: number, den: number): number {
  return time === AV_NOPTS_VALUE ? 0 : Math.round((Number(time) * num * TIMESCALE) / den);
}

/** SHA-256 of the visible samples of a planar 8-bit frame, plane after plane, without padding. */
export function frameHash(frame: Frame): string {
  const hash = createHash('sha256');
  const planes = frame.data ?? [];
  planes.forEach((plane, i) => {
    const chroma = i > 0;
    hashPlane(
      hash,
      plane,
      frame.linesize[i] ?? 0,
      chroma ? (frame.width + 1) >> 1 : frame.width,
      chroma ? (frame.height + 1) >> 1 : frame.height,
    );
  });
  return hash.digest('hex');
}

function hashPlane(hash: Hash, plane: Buffer, stride: number, width: number, height: number): void {
  for (let line = 0; line < height; line++) hash.update(plane.subarray(line * stride, line * stride + width));
}

/** The burnt-in counter of every decoded frame, in order; null where it cannot be read. */
export async function frameCounters(pathOrUrl: string): Promise<(number | null)[]> {
  const counters: (number | null)[] = [];
  await decodeFrames(pathOrUrl, ({ frame }) => {
    const [y] = frame.data ?? [];
    counters.push(y ? readFrameCounter(y, frame.linesize[0] ?? frame.width, frame.width, frame.height) : null);
  });
  return counters;
}

/** The hash of every decoded frame, in order. */
export async function frameHashes(pathOrUrl: string): Promise<string[]> {
  const hashes: string[] = [];
  await decodeFrames(pathOrUrl, ({ frame }) => void hashes.push(frameHash(frame)));
  return hashes;
}
