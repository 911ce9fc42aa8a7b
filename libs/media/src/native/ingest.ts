import { setTimeout as delay } from 'node:timers/promises';
import { SmartBoxError } from '@smartbox/kernel';
import { AV_NOPTS_VALUE, AVSEEK_FLAG_BACKWARD } from 'node-av/constants';
import { Packet, type FormatContext, type Stream } from 'node-av/lib';
import { TIMESCALE, type FrameRate } from '../frame-rate.ts';
import { check, isEof, openMedia, shown, videoStream } from './av.ts';
import { rateOf, refusal } from './conformance.ts';
import { ticks } from './decode.ts';
import { Encoding, Passing, type IngestHandlers, type IngestOptions } from './ingest-paths.ts';
import { inputAddress } from './input-address.ts';
import { PacketStatistics } from './probe.ts';
import { TimeLine } from './time-line.ts';

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
