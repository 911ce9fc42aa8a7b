import { inputError, SmartBoxError } from '@smartbox/kernel';
import { AV_FRAME_FLAG_INTERLACED, AV_NOPTS_VALUE } from 'node-av/constants';
import { Packet, type Frame, type FormatContext, type Stream } from 'node-av/lib';
import { TIMESCALE, type FrameRate } from '../frame-rate.ts';
import { check, isEof, openMedia, shown, videoStream } from './av.ts';
import { Canvas } from './canvas.ts';
import { breathe } from './cut/source-index.ts';
import { ticks, VideoDecoder } from './decode.ts';
import type { VideoPlan } from './video-target.ts';
import { PictureDecoder, type OnPicture } from './whole-pictures.ts';

export interface GridOptions {
  readonly plan: VideoPlan;
  /** Of the source's pictures. */
  readonly sourceRate: FrameRate;
  readonly threads: number;
  /** Part of the input, in ms from its first frame. */
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * The pictures of a video as a plan has them: whole or as fields, in its size, at its constant rate. Repeated over a hole,
 * left out where two fall on one place. The same every time it is run.
 */
export class Grid {
  readonly stream: Stream;
  /** From the container; null when it does not say. */
  readonly totalFrames: number | null;
  private readonly path: string;
  private readonly input: FormatContext;
  private readonly options: GridOptions;
  private readonly decoder: { decode(packet: Packet | null, onPicture: OnPicture): boolean; close(): void };
  private readonly canvas: Canvas;
  private readonly frameTicks: number;
  private onFrame: (picture: Frame) => void = () => undefined;
  private frames = 0;
  private first: number | undefined;
  private lastOffset = 0;

  private constructor(path: string, input: FormatContext, options: GridOptions) {
    this.path = path;
    this.input = input;
    this.options = options;
    this.stream = videoStream(input, path);
    const { plan, threads, fromMs, toMs } = options;
    this.frameTicks = (TIMESCALE * plan.frameRate.den) / plan.frameRate.num;
    this.decoder = plan.fields
      ? new FieldDecoder(this.stream, threads)
      : new PictureDecoder(this.stream, threads, plan.deinterlace ?? 'frame');
    this.canvas = new Canvas(plan);
    const { num, den } = this.stream.timeBase;
    const duration = this.stream.duration === AV_NOPTS_VALUE ? 0 : ticks(this.stream.duration, num, den);
    const length = Math.min(duration, toMs * 90) - fromMs * 90;
    this.totalFrames = duration > 0 ? Math.max(1, Math.round(length / this.frameTicks)) : null;
  }

  static async open(path: string, options: GridOptions): Promise<Grid> {
    const input = await openMedia(path);
    try {
      return new Grid(path, input, options);
    } catch (error) {
      await input.closeInput();
      throw error;
    }
  }

  /**
   * Hands out every picture once, in order; valid during the call only.
   * @param between called a few times a second
   * @returns how many there were
   * @throws SmartBoxError `media-error`, `no-frames`, `time-line-broken`, `cancelled`
   */
  async run(
    onFrame: (picture: Frame) => void,
    signal: AbortSignal | undefined,
    between?: (frames: number) => void,
  ): Promise<number> {
    this.onFrame = onFrame;
    const read = new Packet();
    read.alloc();
    let last = 0;
    try {
      for (let more = true; more;) {
        const code = this.input.readFrameSync(read);
        if (isEof(code)) break;
        check(code, `read ${shown(this.path)}`);
        if (read.streamIndex === this.stream.index)
          more = this.decoder.decode(read, (frame, at) => this.take(frame, at));
        read.unref();
        if (Date.now() - last < 200) continue;
        last = Date.now();
        between?.(this.frames);
        await breathe(signal);
      }
      this.decoder.decode(null, (frame, at) => this.take(frame, at));
    } finally {
      read.free();
    }
    if (this.frames === 0)
      throw new SmartBoxError({
        code: 'no-frames',
        message: `${shown(this.path)} has no decodable frame in the range asked for`,
        fault: 'input',
      });
    this.holdLast();
    return this.frames;
  }

  private take(frame: Frame, time: number | null): boolean {
    const { fromMs, toMs } = this.options;
    const at = time ?? 0;
    this.first ??= at;
    const offset = at - this.first - fromMs * 90;
    if (at - this.first >= toMs * 90 - 1) return false;
    const place = Math.floor(offset / this.frameTicks + 0.49);
    this.lastOffset = offset;
    if (place < this.frames) return true;
    // at most ten seconds of repeated frames: a longer hole is a broken time line
    if (place - this.frames > 10 * (TIMESCALE / this.frameTicks))
      throw inputError(
        'time-line-broken',
        `the time line of ${shown(this.path)} jumps by ${Math.round((place - this.frames) * (this.frameTicks / 90))} ms`,
      );
    while (this.frames < place) this.give();
    check(this.canvas.frame.makeWritable(), 'copy a picture');
    this.canvas.draw(frame);
    this.give();
    return true;
  }

  /** Towards a higher rate the last picture is repeated too, for as long as it was shown. */
  private holdLast(): void {
    const { sourceRate, plan } = this.options;
    const pictures = plan.deinterlace === 'field' ? 2 : 1;
    const length = (TIMESCALE * sourceRate.den) / (sourceRate.num * pictures);
    const shownFrames = Math.round((this.lastOffset + length) / this.frameTicks);
    for (let left = 10; left > 0 && this.frames < shownFrames; left--) this.give();
  }

  private give(): void {
    const { frame } = this.canvas;
    frame.pts = BigInt(this.frames++);
    this.onFrame(frame);
  }

  async close(): Promise<void> {
    this.canvas.close();
    this.decoder.close();
    await this.input.closeInput();
  }
}

/** Pictures with their fields as they are; one that was coded whole among them is marked like the others. */
class FieldDecoder {
  private readonly decoder: VideoDecoder;
  private readonly timeBase: { readonly num: number; readonly den: number };

  constructor(stream: Stream, threads: number) {
    this.decoder = new VideoDecoder(stream, threads);
    this.timeBase = { num: stream.timeBase.num, den: stream.timeBase.den };
  }

  decode(packet: Packet | null, onPicture: OnPicture): boolean {
    return this.decoder.decode(packet, (frame) => {
      frame.setFlags(AV_FRAME_FLAG_INTERLACED);
      return onPicture(frame, ticks(frame.bestEffortTimestamp, this.timeBase.num, this.timeBase.den));
    });
  }

  close(): void {
    this.decoder.close();
  }
}
