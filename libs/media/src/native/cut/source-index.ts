import { SmartBoxError } from '@smartbox/kernel';
import { AV_CODEC_ID_H264, AV_NOPTS_VALUE, AV_PKT_FLAG_CORRUPT, AV_PKT_FLAG_DISCARD } from 'node-av/constants';
import { avGetCodecName, Packet, type FormatContext, type Frame, type Stream } from 'node-av/lib';
import { NAL, nalType, parseAvcC, splitAnnexB, splitAvcc } from '../../h264/nal.ts';
import { parseSps } from '../../h264/sps.ts';
import { check, isEof, openMedia, shown, videoStream } from '../av.ts';
import { VideoDecoder } from '../decode.ts';
import { ParameterSets } from './parameter-sets.ts';

/** Packets from one IDR picture to the next: nothing in it needs a picture outside, and it shows frames in a row. */
export interface Gop {
  readonly firstPacket: number;
  readonly packets: number;
  readonly firstFrame: number;
  readonly frames: number;
}

export interface TimeBase {
  readonly num: number;
  readonly den: number;
}

/** What a cut has to know about a file: every frame's time, and which packets can be copied. */
export interface SourceIndex {
  readonly path: string;
  readonly codec: string;
  readonly timeBase: TimeBase;
  readonly frames: number;
  /** Start of every frame in presentation order and, last, the end of the film: `frames + 1` times. */
  readonly times: readonly number[];
  /** Why no packet can be copied; null when GOPs can. */
  readonly refusal: string | null;
  /** Empty where nothing can be copied. */
  readonly gops: readonly Gop[];
  /** Frame shown by each packet, in decoding order. */
  readonly presentation: readonly number[];
  /** Packet that holds each frame. */
  readonly order: readonly number[];
  /** Keyframes that are no IDR pictures: open GOPs, where no copy can begin. */
  readonly openKeyframes: number;
  readonly sets: ParameterSets;
  /** Bytes of the length before each NAL unit; 0 in a byte stream with start codes. */
  readonly lengthSize: number;
  readonly width: number;
  readonly height: number;
  readonly interlaced: boolean;
  /** Frames per second, for an encoder's rate control and VUI. */
  readonly frameRate: { readonly num: number; readonly den: number };
  readonly rotation: string;
}

/** The NAL units of a packet, whichever way the container separates them. */
export function nalsOf(data: Uint8Array, lengthSize: number): Uint8Array[] {
  return lengthSize > 0 ? splitAvcc(data, lengthSize) : splitAnnexB(data);
}

/**
 * Reads every packet of a file once (no decoding, unless its container gives no reliable times).
 * @throws SmartBoxError `media-error`, `no-video`, `no-frames`, `damaged`, `cancelled`.
 */
export async function indexSource(path: string, signal?: AbortSignal): Promise<SourceIndex> {
  const input = await openMedia(path, {}, signal);
  try {
    const scan = new Scan(input, path);
    await scan.read(signal);
    return scan.refusal === null ? scan.index() : await scan.indexByDecoding(signal);
  } finally {
    await input.closeInput();
  }
}

class Scan {
  refusal: string | null = null;
  private readonly input: FormatContext;
  private readonly path: string;
  private readonly stream: Stream;
  private readonly sets = new ParameterSets();
  private readonly lengthSize: number;
  private readonly pts: number[] = [];
  private readonly idr: number[] = [];
  private lastDuration = 0;
  private discarded = false;
  private openKeyframes = 0;

  constructor(input: FormatContext, path: string) {
    this.input = input;
    this.path = path;
    this.stream = videoStream(input, path);
    const { codecId, extradata } = this.stream.codecpar;
    const avcC = codecId === AV_CODEC_ID_H264 && extradata?.[0] === 1 ? parseAvcC(extradata) : null;
    this.lengthSize = avcC?.lengthSize ?? 0;
    if (codecId !== AV_CODEC_ID_H264)
      this.refusal = `the video is ${avGetCodecName(codecId) ?? 'of an unknown codec'}; only H.264 is copied`;
    else {
      const nals = avcC ? [...avcC.sps, ...avcC.pps] : extradata ? splitAnnexB(extradata) : [];
      for (const nal of nals) this.sets.add(nal);
    }
  }

  async read(signal?: AbortSignal): Promise<void> {
    const packet = new Packet();
    packet.alloc();
    try {
      for (let count = 0; ; count++) {
        const code = this.input.readFrameSync(packet);
        if (isEof(code)) break;
        check(code, `read ${shown(this.path)}`);
        if (packet.streamIndex === this.stream.index && packet.size > 0) this.add(packet);
        packet.unref();
        if (count % 2000 === 0) await breathe(signal);
      }
    } finally {
      packet.free();
    }
    if (this.pts.length === 0)
      throw new SmartBoxError({
        code: 'no-frames',
        message: `${shown(this.path)} has a video stream without a single frame`,
        fault: 'input',
      });
    this.refusal ??= this.problem();
  }

  private add(packet: Packet): void {
    if (packet.hasFlags(AV_PKT_FLAG_CORRUPT)) throw damaged(this.path, this.pts.length);
    if (packet.hasFlags(AV_PKT_FLAG_DISCARD)) this.discarded = true;
    if (packet.pts === AV_NOPTS_VALUE) this.refusal ??= 'the container does not say when each frame is shown';
    this.pts.push(Number(packet.pts));
    this.lastDuration = Number(packet.duration);
    if (this.refusal !== null || !packet.data) return;
    let idr = false;
    for (const nal of nalsOf(packet.data, this.lengthSize)) {
      const type = nalType(nal);
      if (type === NAL.idr) idr = true;
      else if (type === NAL.sps || type === NAL.pps) this.sets.add(nal);
    }
    if (idr) this.idr.push(this.pts.length - 1);
    else if (packet.isKeyframe) this.openKeyframes++;
  }

  private problem(): string | null {
    const { pts, idr } = this;
    if (this.discarded) return 'an edit list of the container hides some of its frames';
    if (this.sets.conflict) return 'the parameter sets change within the stream';
    if (this.sets.sps.size === 0) return 'the stream has no parameter sets';
    if ([...this.sets.sps.values()].some((sps) => parseSps(sps).interlaced)) return 'the video is interlaced';
    if (idr[0] !== 0) return 'the stream does not begin with an IDR picture';
    if (new Set(pts).size !== pts.length) return 'two frames have the same time';
    return null;
  }

  index(): SourceIndex {
    const order = this.pts.map((_, i) => i).sort((a, b) => (this.pts[a] ?? 0) - (this.pts[b] ?? 0));
    const presentation = new Array<number>(order.length);
    order.forEach((packet, frame) => (presentation[packet] = frame));
    const times = order.map((packet) => this.pts[packet] ?? 0);
    const gops = this.idr.map((firstPacket, i): Gop => {
      const packets = (this.idr[i + 1] ?? this.pts.length) - firstPacket;
      return { firstPacket, packets, firstFrame: presentation[firstPacket] ?? 0, frames: packets };
    });
    const inARow = gops.every(({ firstPacket, packets, firstFrame }) => {
      for (let i = firstPacket; i < firstPacket + packets; i++) {
        const frame = presentation[i] ?? -1;
        if (frame < firstFrame || frame >= firstFrame + packets) return false;
      }
      return firstFrame === firstPacket;
    });
    const refusal = inARow ? null : 'pictures of one GOP are shown between those of another';
    return this.result(times, refusal, refusal === null ? gops : [], presentation, order);
  }

  /** The frames as a decoder hands them out: for streams whose packets do not tell. */
  async indexByDecoding(signal?: AbortSignal): Promise<SourceIndex> {
    const raw: (number | null)[] = [];
    await decodeSource(this.path, (_, time) => void raw.push(time), signal);
    if (raw.length === 0)
      throw new SmartBoxError({
        code: 'no-frames',
        message: `${shown(this.path)} has no frame that can be decoded`,
        fault: 'input',
      });
    const known = raw.every((at, i) => at !== null && (i === 0 || at > (raw[i - 1] ?? Infinity)));
    const { num, den } = this.frameRate();
    const ticks = (this.stream.timeBase.den * den) / (this.stream.timeBase.num * num);
    const times = raw.map((at, i) => (known ? (at ?? 0) : Math.round(i * Math.max(1, ticks))));
    return this.result(times, this.refusal, [], [], []);
  }

  private frameRate(): { num: number; den: number } {
    const { avgFrameRate, rFrameRate } = this.stream;
    const rate = avgFrameRate.num > 0 && avgFrameRate.den > 0 ? avgFrameRate : rFrameRate;
    return rate.num > 0 && rate.den > 0 ? { num: rate.num, den: rate.den } : { num: 25, den: 1 };
  }

  private result(
    times: number[],
    refusal: string | null,
    gops: readonly Gop[],
    presentation: readonly number[],
    order: readonly number[],
  ): SourceIndex {
    const { codecpar, timeBase } = this.stream;
    const frames = times.length;
    const { num, den } = this.frameRate();
    const last = times.at(-1) ?? 0;
    const mean = frames > 1 ? (last - (times[0] ?? 0)) / (frames - 1) : (timeBase.den * den) / (timeBase.num * num);
    const end = last + (gops.length > 0 && this.lastDuration > 0 ? this.lastDuration : Math.max(1, Math.round(mean)));
    const [sps] = this.sets.sps.values();
    const parsed = sps ? parseSps(sps) : null;
    const rate = parsed?.frameRate ?? { num, den };
    return {
      path: this.path,
      codec: avGetCodecName(codecpar.codecId) ?? 'unknown',
      timeBase: { num: timeBase.num, den: timeBase.den },
      frames,
      times: [...times, end],
      refusal,
      gops,
      presentation,
      order,
      openKeyframes: this.openKeyframes,
      sets: this.sets,
      lengthSize: this.lengthSize,
      width: codecpar.width,
      height: codecpar.height,
      interlaced: parsed?.interlaced ?? false,
      frameRate: rate.num / rate.den > 240 ? { num, den } : rate,
      rotation: codecpar
        .getAllCodedSideData()
        .map(({ data }) => data.toString('hex'))
        .join(),
    };
  }
}

/**
 * Decodes a file in presentation order; the frame is valid during the call only, its time is in the stream's time
 * base (null when unknown). `onFrame` returns false to stop.
 */
export async function decodeSource(
  path: string,
  onFrame: (frame: Frame, time: number | null, index: number) => boolean | void,
  signal?: AbortSignal,
): Promise<void> {
  const input = await openMedia(path, {}, signal);
  const packet = new Packet();
  packet.alloc();
  let decoder: VideoDecoder | undefined;
  try {
    const stream = videoStream(input, path);
    decoder = new VideoDecoder(stream, 2);
    let index = 0;
    const hand = (frame: Frame): boolean | void => {
      const at = frame.bestEffortTimestamp;
      return onFrame(frame, at === AV_NOPTS_VALUE ? null : Number(at), index++);
    };
    for (let count = 0; ; count++) {
      const code = input.readFrameSync(packet);
      if (isEof(code)) break;
      check(code, `read ${shown(path)}`);
      if (packet.streamIndex === stream.index && packet.hasFlags(AV_PKT_FLAG_CORRUPT)) throw damaged(path, index);
      const more = packet.streamIndex !== stream.index || decoder.decode(packet, hand);
      packet.unref();
      if (!more) return;
      if (count % 16 === 0) await breathe(signal);
    }
    decoder.decode(null, hand);
  } finally {
    packet.free();
    decoder?.close();
    await input.closeInput();
  }
}

/** Lets messages through, and ends a cancelled job. @throws SmartBoxError `cancelled`. */
export async function breathe(signal?: AbortSignal): Promise<void> {
  await new Promise(setImmediate);
  if (signal?.aborted) throw new SmartBoxError({ code: 'cancelled', message: 'the job was cancelled', fault: 'input' });
}

export function damaged(path: string, frame: number): SmartBoxError {
  return new SmartBoxError({
    code: 'damaged',
    message: `${shown(path)} is damaged or cut off at frame ${frame}: repair it first, nothing was written`,
    fault: 'input',
  });
}
