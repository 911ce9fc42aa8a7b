import { crc32 } from 'node:zlib';
import { setTimeout as delay } from 'node:timers/promises';
import { SmartBoxError } from '@smartbox/kernel';
import { AV_CODEC_ID_H264, AV_NOPTS_VALUE, AVSEEK_FLAG_BACKWARD } from 'node-av/constants';
import { avGetCodecName, Packet, type FormatContext, type Frame, type Stream } from 'node-av/lib';
import { snapFrameRate, TIMESCALE, type FrameRate } from '../frame-rate.ts';
import { NAL, nalType, parseAvcC, splitAnnexB, splitAvcc, toAnnexB, type AccessUnit } from '../h264/nal.ts';
import { check, isEof, openMedia, shown, videoStream } from './av.ts';
import { ticks, VideoDecoder } from './decode.ts';
import { H264Encoder } from './encoder.ts';
import { inputAddress, type InputAddress } from './input-address.ts';
import { PacketStatistics } from './probe.ts';
import { Scaler } from './scaler.ts';
import { TimeLine } from './time-line.ts';

export interface IngestOptions extends InputAddress {
  readonly bitrate: number;
  readonly preset?: string;
  /** `auto`: conformant H.264 is passed through; `always`: everything is re-encoded. */
  readonly encode: 'auto' | 'always';
  readonly signal: AbortSignal;
}

export interface StreamFormat {
  readonly codec: 'h264';
  readonly width: number;
  readonly height: number;
  readonly frameRate: FrameRate;
  /** Exact encoder settings, or `passthrough`. */
  readonly encoder: string;
  /** What came in and why it is (not) passed through. */
  readonly input: string;
}

export interface IngestHandlers {
  /** CLOCK_MONOTONIC in ticks of 90 kHz. */
  now(): number;
  /** Has the GOP to end before the picture at `pts`? Not asked where the stream is passed through. */
  wantsIdr(pts: number): boolean;
  /** Before the first access unit, and again before the first one of another size. */
  onFormat(format: StreamFormat): void;
  /** `picture`: a checksum of the decoded luma, equal for equal pictures; null when passed through. */
  onUnit(unit: AccessUnit, picture: number | null): void;
}

/** How long a stream is looked at before it is passed through: two keyframes have to be seen in it. */
const LOOK_TICKS = 3.2 * TIMESCALE;
/** A read that took longer had nothing buffered. */
const WAITED_TICKS = 0.008 * TIMESCALE;

/**
 * Opens an input and delivers H.264 access units on the station's monotonic clock until it ends or `signal` aborts.
 * A file is played in real time, again and again.
 * @throws SmartBoxError `media-error` (refused, not found, no media), `no-video`, `input-ended`.
 */
export async function runIngest(options: IngestOptions, handlers: IngestHandlers): Promise<void> {
  const { url, open } = inputAddress(options);
  const input = await openMedia(url, open, options.signal);
  const interrupt = (): void => input.interrupt();
  options.signal.addEventListener('abort', interrupt, { once: true });
  const session = new IngestSession(input, options, handlers);
  try {
    await session.run();
  } catch (error) {
    if (!options.signal.aborted) throw error;
  } finally {
    options.signal.removeEventListener('abort', interrupt);
    session.close();
    await input.closeInput();
  }
}

class IngestSession {
  private readonly input: FormatContext;
  private readonly options: IngestOptions;
  private readonly handlers: IngestHandlers;
  private readonly stream: Stream;
  private readonly frameRate: FrameRate;
  private readonly timeLine: TimeLine;
  private readonly file: boolean;
  private encoding: Encoding | undefined;
  private passing: Passing | undefined;
  /** File only: source time of the first packet, its time on our clock, and what earlier rounds have added. */
  private pace: { first: number; start: number } | undefined;
  private loopOffset = 0;
  private lastSource = 0;
  /** Live only: when each packet of the look came, whether a read had to wait, and whether the look is over. */
  private readonly arrivals: number[] = [];
  private caughtUp: boolean;
  private released = false;

  constructor(input: FormatContext, options: IngestOptions, handlers: IngestHandlers) {
    this.input = input;
    this.options = options;
    this.handlers = handlers;
    this.stream = videoStream(input, options.url);
    this.frameRate = rateOf(this.stream, options.frameRate ?? 30);
    this.timeLine = new TimeLine((TIMESCALE * this.frameRate.den) / this.frameRate.num);
    this.file = options.kind === 'file';
    this.caughtUp = this.file;
  }

  async run(): Promise<void> {
    const seen = new PacketStatistics(this.stream);
    let waiting: Packet[] | undefined = [];
    for await (const packet of this.packets()) {
      if (!waiting) {
        this.handle(packet);
        packet.free();
        continue;
      }
      seen.add(packet);
      waiting.push(packet);
      const decision = this.decide(seen);
      if (decision === 'wait') continue;
      this.anchor(seen);
      if (decision === 'pass') this.startPassing();
      else this.encoding = new Encoding(this.stream, this.options, this.frameRate, decision.encode);
      this.release(waiting);
      waiting = undefined;
    }
    if (!this.options.signal.aborted)
      throw new SmartBoxError({
        code: 'input-ended',
        message: `${shown(this.options.url)} ended`,
        fault: 'theirs',
        retryable: true,
      });
  }

  private decide(seen: PacketStatistics): 'wait' | 'pass' | { readonly encode: string } {
    const span = (seen.pts.at(-1) ?? 0) - (seen.pts[0] ?? 0);
    const late = span > LOOK_TICKS;
    const why = this.options.encode === 'always' ? 're-encoding is configured' : refusal(this.stream, seen);
    // what a live input had already buffered comes at once: its place in time is known when it has been read
    if (!this.caughtUp && !late) return 'wait';
    if (why !== null) return { encode: why };
    if (seen.keyframes.length >= 2) return 'pass';
    return late ? { encode: `no second keyframe within ${Math.round(span / 90)} ms` } : 'wait';
  }

  /** The packet with the least delay tells how the source's clock lies on ours. */
  private anchor(seen: PacketStatistics): void {
    if (this.file) return;
    const offsets = seen.pts.map((at, i) => (this.arrivals[i] ?? Infinity) - at);
    this.timeLine.anchor(Math.min(...offsets));
    this.arrivals.length = 0;
  }

  /** Packets of the video in reading order; the receiver frees them. Files are paced and repeated. */
  private async *packets(): AsyncGenerator<Packet> {
    while (!this.options.signal.aborted) {
      const packet = new Packet();
      packet.alloc();
      const asked = this.handlers.now();
      const code = this.file ? this.input.readFrameSync(packet) : await this.input.readFrame(packet);
      if (isEof(code) && this.file) {
        packet.free();
        this.rewind();
        continue;
      }
      if (code < 0) packet.free();
      if (isEof(code)) return;
      check(code, `read ${shown(this.options.url)}`);
      if (packet.streamIndex !== this.stream.index || packet.size === 0) {
        packet.free();
        continue;
      }
      if (this.file) await this.untilDue(packet);
      else if (!this.released) this.arrived(asked);
      yield packet;
    }
  }

  private sourceTicks(time: bigint): number {
    return ticks(time, this.stream.timeBase.num, this.stream.timeBase.den);
  }

  private rewind(): void {
    if (!this.pace)
      throw new SmartBoxError({
        code: 'no-frames',
        message: `${shown(this.options.url)} has no frame to play`,
        fault: 'input',
      });
    this.loopOffset = this.lastSource + (TIMESCALE * this.frameRate.den) / this.frameRate.num - this.pace.first;
    check(
      this.input.seekFrameSync(
        this.stream.index,
        this.stream.startTime === AV_NOPTS_VALUE ? 0n : this.stream.startTime,
        AVSEEK_FLAG_BACKWARD,
      ),
      `rewind ${shown(this.options.url)}`,
    );
    this.encoding?.decoder.flush();
  }

  private async untilDue(packet: Packet): Promise<void> {
    const own = this.sourceTicks(packet.dts === AV_NOPTS_VALUE ? packet.pts : packet.dts);
    this.pace ??= { first: own, start: this.handlers.now() };
    this.lastSource = Math.max(this.lastSource, own + this.loopOffset);
    const due = this.pace.start + own + this.loopOffset - this.pace.first;
    const wait = (due - this.handlers.now()) / 90;
    if (wait > 1) await delay(Math.min(wait, 5000), undefined, { signal: this.options.signal });
    else await new Promise(setImmediate);
  }

  private arrived(asked: number): void {
    const now = this.handlers.now();
    this.arrivals.push(now);
    if (now - asked > WAITED_TICKS) this.caughtUp = true;
  }

  private startPassing(): void {
    this.passing = new Passing(this.stream);
    const { width, height } = this.stream.codecpar;
    this.handlers.onFormat({
      codec: 'h264',
      width,
      height,
      frameRate: this.frameRate,
      encoder: 'passthrough',
      input: 'conformant H.264',
    });
  }

  private release(waiting: readonly Packet[]): void {
    for (const packet of waiting) {
      this.handle(packet);
      packet.free();
    }
    this.released = true;
  }

  /** Where a source's time lies on our clock. */
  private mapped(time: bigint): number {
    const now = this.handlers.now();
    const own = time === AV_NOPTS_VALUE ? now : this.sourceTicks(time) + this.loopOffset;
    if (this.pace) return this.timeLine.map(own, this.pace.start + own - this.pace.first);
    return this.timeLine.map(own, this.released ? now : undefined);
  }

  private handle(packet: Packet): void {
    if (this.passing) {
      const unit = this.passing.convert(packet);
      if (!unit) return;
      const at = this.mapped(packet.pts === AV_NOPTS_VALUE ? packet.dts : packet.pts);
      this.handlers.onUnit({ data: unit.data, pts: at, dts: at, keyframe: unit.keyframe }, null);
    }
    this.encoding?.take(packet, this.handlers, (time) => this.mapped(time));
  }

  close(): void {
    this.encoding?.close();
  }
}

/** The stream's own word (SPS timing) where the measured rate agrees, then the measured one, then `fallback`. */
function rateOf(stream: Stream, fallback: number): FrameRate {
  const { num, den } = stream.avgFrameRate;
  const measured = num > 0 && den > 0 ? num / den : 0;
  const said = new PacketStatistics(stream).sps?.frameRate;
  const saidFps = said ? said.num / said.den : 0;
  if (said && saidFps >= 1 && saidFps <= 120 && (measured === 0 || Math.abs(measured - saidFps) < saidFps * 0.05))
    return said;
  const coarse = stream.timeBase.den <= 1000 * stream.timeBase.num;
  return measured >= 1 && measured <= 121 ? snapFrameRate(measured, coarse ? 0.015 : 0.0005) : snapFrameRate(fallback);
}

/** Why a stream cannot go into the ring as it is; null when nothing speaks against it so far. */
export function refusal(stream: Stream, seen: PacketStatistics): string | null {
  if (stream.codecpar.codecId !== AV_CODEC_ID_H264)
    return `codec ${avGetCodecName(stream.codecpar.codecId) ?? 'unknown'} is not H.264`;
  const { sps } = seen;
  if (sps) {
    if (sps.profile !== 'High' && sps.profile !== 'Main' && sps.profile !== 'Constrained Baseline')
      return `profile ${sps.profile}`;
    if (sps.chroma !== '4:2:0' || sps.bitDepth !== 8) return `${sps.chroma} with ${sps.bitDepth} bits`;
    if (sps.interlaced) return 'interlaced';
    if (sps.levelIdc > 42) return `level ${sps.levelIdc / 10}`;
  }
  if (seen.bFrames) return 'B-frames';
  if (!seen.closed) return 'open GOPs';
  if (seen.longestGop().maxMs > 3000) return `GOP of ${seen.longestGop().maxMs} ms`;
  return null;
}

/** Repackages packets as Annex B with parameter sets at each IDR; drops what comes before the first. */
class Passing {
  private readonly lengthSize: number;
  private sets: Uint8Array[] = [];
  private started = false;

  constructor(stream: Stream) {
    const { extradata } = stream.codecpar;
    const avcC = extradata && extradata[0] === 1 ? parseAvcC(Uint8Array.from(extradata)) : null;
    this.lengthSize = avcC?.lengthSize ?? 0;
    if (avcC) this.sets = [...avcC.sps, ...avcC.pps];
    else if (extradata) this.sets = splitAnnexB(Uint8Array.from(extradata)).filter(isParameterSet);
  }

  convert(packet: Packet): { data: Buffer; keyframe: boolean } | null {
    const bytes = packet.data ? Uint8Array.from(packet.data) : new Uint8Array();
    const nals = this.lengthSize > 0 ? splitAvcc(bytes, this.lengthSize) : splitAnnexB(bytes);
    const keyframe = nals.some((nal) => nalType(nal) === NAL.idr);
    this.started ||= keyframe;
    if (!this.started) return null;
    const own = nals.filter(isParameterSet);
    if (own.length > 0) this.sets = own.some((nal) => nalType(nal) === NAL.sps) ? own : this.sets;
    const missing = keyframe && own.length === 0 ? this.sets : [];
    return { data: toAnnexB([...missing, ...nals]), keyframe };
  }
}

function isParameterSet(nal: Uint8Array): boolean {
  return nalType(nal) === NAL.sps || nalType(nal) === NAL.pps;
}

/** Decode, scale, encode. A change of the incoming size makes a new encoder, and so a new format. */
class Encoding {
  readonly decoder: VideoDecoder;
  private readonly scaler = new Scaler();
  private readonly options: IngestOptions;
  private readonly frameRate: FrameRate;
  private readonly why: string;
  private encoder: H264Encoder | undefined;
  private size = '';

  constructor(stream: Stream, options: IngestOptions, frameRate: FrameRate, why: string) {
    this.decoder = new VideoDecoder(stream);
    this.options = options;
    this.frameRate = frameRate;
    this.why = why;
  }

  take(packet: Packet, handlers: IngestHandlers, map: (time: bigint) => number): void {
    try {
      this.decoder.decode(packet, (frame) => this.encode(frame, handlers, map(frame.bestEffortTimestamp)));
    } catch (error) {
      // a damaged packet costs its picture, not the source
      if (!(error instanceof SmartBoxError) || error.code !== 'media-error') throw error;
      process.stderr.write(`${error.message}\n`);
    }
  }

  private encode(frame: Frame, handlers: IngestHandlers, pts: number): void {
    const size = `${frame.width}x${frame.height}`;
    if (size !== this.size) this.reopen(frame, size, handlers);
    const { encoder } = this;
    if (!encoder) return;
    this.scaler.scale(encoder.picture, frame);
    const { y } = encoder.planes;
    const unit = encoder.encode(pts, handlers.wantsIdr(pts));
    if (unit) handlers.onUnit(unit, crc32(y));
  }

  private reopen(frame: Frame, size: string, handlers: IngestHandlers): void {
    this.encoder?.close();
    const width = this.options.width ?? 2 * Math.floor(frame.width / 2);
    const height = this.options.height ?? 2 * Math.floor(frame.height / 2);
    this.encoder = new H264Encoder({
      width,
      height,
      frameRate: this.frameRate,
      bitrate: this.options.bitrate,
      ...(this.options.preset ? { preset: this.options.preset } : {}),
      threads: width * height > 1920 * 1088 ? 2 : 1,
    });
    this.size = size;
    handlers.onFormat({
      codec: 'h264',
      width,
      height,
      frameRate: this.frameRate,
      encoder: this.encoder.description,
      input: `${size}, re-encoded: ${this.why}`,
    });
  }

  close(): void {
    this.decoder.close();
    this.scaler.close();
    this.encoder?.close();
  }
}
