import { setTimeout as delay } from 'node:timers/promises';
import { SmartBoxError } from '@smartbox/kernel';
import { AV_NOPTS_VALUE, AVSEEK_FLAG_BACKWARD } from 'node-av/constants';
import { Packet, type FormatContext, type Stream } from 'node-av/lib';
import { TIMESCALE, type FrameRate } from '../frame-rate.ts';
import { check, isEarly, isEof, openMedia, shown, videoStream, type OpenOptions } from './av.ts';
import { rateOf, refusal } from './conformance.ts';
import { ticks } from './decode.ts';
import { Encoding, Passing, type IngestHandlers, type IngestOptions } from './ingest-paths.ts';
import { PacketStatistics } from './probe.ts';
import { TimeLine } from './time-line.ts';

/** How long a stream is looked at before it is passed through: two keyframes have to be seen in it. */
const LOOK_TICKS = 3.2 * TIMESCALE;
/** A read that took longer had nothing buffered. */
const WAITED_TICKS = 0.008 * TIMESCALE;
/** A device's first time stamp that is at most so old has been taken on our clock. */
const OWN_CLOCK_TICKS = 2 * TIMESCALE;
/** Between two looks for the next picture of a device. */
const DEVICE_POLL_MS = 2;

/** Where packets come from. */
export interface IngestInput {
  readonly url: string;
  readonly open: OpenOptions;
  /** Throws where the video is not what was asked for. */
  readonly verify?: (stream: Stream) => void;
}

/**
 * Opens an input and delivers H.264 access units on the station's monotonic clock until it ends or `signal` aborts.
 * A file is played in real time, again and again.
 * @throws SmartBoxError `media-error` (refused, not found, no media), `no-video`, `input-ended`.
 */
export async function ingestFrom(from: IngestInput, options: IngestOptions, handlers: IngestHandlers): Promise<void> {
  const input = await openMedia(from.url, from.open, options.signal);
  const interrupt = (): void => input.interrupt();
  options.signal.addEventListener('abort', interrupt, { once: true });
  let session: IngestSession | undefined;
  try {
    session = new IngestSession(input, options, handlers, from.verify);
    await session.run();
  } catch (error) {
    if (!options.signal.aborted) throw error;
  } finally {
    options.signal.removeEventListener('abort', interrupt);
    session?.close();
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
  private readonly device: boolean;
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
  /** Device only: the last picture was waited for, so nothing was in its queue. */
  private fresh = true;

  constructor(input: FormatContext, options: IngestOptions, handlers: IngestHandlers, verify?: IngestInput['verify']) {
    this.input = input;
    this.options = options;
    this.handlers = handlers;
    this.stream = videoStream(input, options.url);
    verify?.(this.stream);
    this.frameRate = rateOf(this.stream, options.frameRate ?? 30);
    this.timeLine = new TimeLine((TIMESCALE * this.frameRate.den) / this.frameRate.num);
    this.file = options.kind === 'file';
    this.device = options.kind === 'v4l2';
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
    const offset = Math.min(...seen.pts.map((at, i) => (this.arrivals[i] ?? Infinity) - at));
    // a device's driver takes the time on our own clock, when the picture was there: nothing is added to that
    const ours = this.device && offset >= 0 && offset < OWN_CLOCK_TICKS;
    this.timeLine.anchor(ours ? 0 : offset);
    this.arrivals.length = 0;
  }

  /** Packets of the video in reading order; the receiver frees them. Files are paced and repeated. */
  private async *packets(): AsyncGenerator<Packet> {
    while (!this.options.signal.aborted) {
      const packet = new Packet();
      packet.alloc();
      const asked = this.handlers.now();
      const code = await this.read(packet);
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

  private async read(packet: Packet): Promise<number> {
    if (this.file) return this.input.readFrameSync(packet);
    if (!this.device) return this.input.readFrame(packet);
    for (this.fresh = false; ; this.fresh = true) {
      // also when pictures wait already, everything else in this process gets its turn
      await new Promise(setImmediate);
      const code = this.input.readFrameSync(packet);
      if (!isEarly(code) || this.options.signal.aborted) return code;
      await delay(DEVICE_POLL_MS);
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
    this.encoding?.restart(this.handlers, (at) => this.mapped(at));
    this.loopOffset = this.lastSource + (TIMESCALE * this.frameRate.den) / this.frameRate.num - this.pace.first;
    check(
      this.input.seekFrameSync(
        this.stream.index,
        this.stream.startTime === AV_NOPTS_VALUE ? 0n : this.stream.startTime,
        AVSEEK_FLAG_BACKWARD,
      ),
      `rewind ${shown(this.options.url)}`,
    );
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
  private mapped(at: number | null): number {
    const now = this.handlers.now();
    const own = at === null ? now : at + this.loopOffset;
    if (this.pace) return this.timeLine.map(own, this.pace.start + own - this.pace.first);
    return this.timeLine.map(own, this.released && this.fresh ? now : undefined);
  }

  private handle(packet: Packet): void {
    if (this.passing) {
      const unit = this.passing.convert(packet);
      if (!unit) return;
      const time = packet.pts === AV_NOPTS_VALUE ? packet.dts : packet.pts;
      const at = this.mapped(time === AV_NOPTS_VALUE ? null : this.sourceTicks(time));
      this.handlers.onUnit({ data: unit.data, pts: at, dts: at, keyframe: unit.keyframe }, null);
    }
    this.encoding?.take(packet, this.handlers, (at) => this.mapped(at));
  }

  close(): void {
    this.encoding?.close();
  }
}
