import { rm } from 'node:fs/promises';
import { inputError, SmartBoxError } from '@smartbox/kernel';
import { AV_NOPTS_VALUE, AV_PICTURE_TYPE_I, AV_PICTURE_TYPE_NONE } from 'node-av/constants';
import { CodecParameters, Packet, type CodecContext, type Frame, type FormatContext, type Stream } from 'node-av/lib';
import { snapFrameRate, type FrameRate } from '../frame-rate.ts';
import { again, check, isEof, openMedia, shown, videoStream } from './av.ts';
import { ticks, VideoDecoder } from './decode.ts';
import { Canvas } from './canvas.ts';
import { Mp4Writer } from './mp4-writer.ts';
import { openVideoEncoder, planVideo, type VideoPlan, type VideoTarget } from './video-target.ts';

export interface TranscodeOptions {
  /** Path or http(s) URL. */
  readonly input: string;
  /** Path of the file to write; removed again when the job fails. */
  readonly output: string;
  /** Default: as the input, made even. A smaller size keeps the aspect when only the width is given. */
  readonly width?: number;
  readonly height?: number;
  /** Constant rate of the output. Default: the input's average, snapped to a common rate. */
  readonly frameRate?: FrameRate;
  /** What to encode for. Default `h264`. */
  readonly target?: VideoTarget;
  /** x264 and x265 quality, 0-51. Default 20. */
  readonly crf?: number;
  /** Default `veryfast`. */
  readonly preset?: string;
  readonly threads?: number;
  /** Part of the input, in ms from its first frame. */
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TranscodeProgress) => void;
}

export interface TranscodeProgress {
  readonly frames: number;
  /** From the container; null when it does not say. */
  readonly totalFrames: number | null;
}

export interface TranscodeResult {
  readonly frames: number;
  readonly width: number;
  readonly height: number;
  readonly frameRate: FrameRate;
  readonly level: string;
  readonly container: 'mp4' | 'mpegts';
  /** Exact settings, for the manifest. */
  readonly encoder: string;
}

/**
 * Re-encodes any video into one that a DICOM transfer syntax holds: by default H.264 High profile of level 4.1 (.102) or
 * 4.2 (.104); see `VideoTarget` for the others. 4:2:0, constant frame rate, closed GOPs of a second at most without
 * B-frames, in a faststart MP4 or (MPEG-2) a transport stream, without audio (PS3.5 8.2.5 to 8.2.11). Frames are repeated
 * or left out to keep the rate constant. H.264 larger than 1080p60 is refused: that is HEVC's field.
 * @throws SmartBoxError `media-error`, `no-video`, `no-frames`, `does-not-fit-dicom`, `cancelled`.
 */
export async function transcode(options: TranscodeOptions): Promise<TranscodeResult> {
  const input = await openMedia(options.input);
  let job: TranscodeJob | undefined;
  try {
    job = new TranscodeJob(input, options);
    return await job.run();
  } catch (error) {
    job?.abandon();
    await rm(options.output, { force: true });
    throw error;
  } finally {
    await input.closeInput();
  }
}

class TranscodeJob {
  private readonly input: FormatContext;
  private readonly options: TranscodeOptions;
  private readonly stream: Stream;
  private readonly decoder: VideoDecoder;
  private readonly canvas: Canvas;
  private readonly plan: VideoPlan;
  private readonly encoder: CodecContext;
  private readonly writer: Mp4Writer;
  private readonly result: Omit<TranscodeResult, 'frames'>;
  private readonly packet = new Packet();
  private readonly frameTicks: number;
  private readonly totalFrames: number | null;
  private frames = 0;
  private firstTicks = -1;
  private lastOffset = 0;
  private open = true;

  constructor(input: FormatContext, options: TranscodeOptions) {
    this.input = input;
    this.options = options;
    this.stream = videoStream(input, options.input);
    const { codecpar } = this.stream;
    const { width, height } = targetSize(codecpar.width, codecpar.height, options);
    const average = this.stream.avgFrameRate;
    const frameRate = options.frameRate ?? snapFrameRate(average.num > 0 ? average.num / average.den : 30);
    this.plan = planVideo(options.target ?? 'h264', { width, height, frameRate });
    this.frameTicks = (90_000 * this.plan.frameRate.den) / this.plan.frameRate.num;
    const { context, description } = openVideoEncoder(this.plan, options);
    this.encoder = context;
    const { level, container } = this.plan;
    this.result = {
      width: this.plan.width,
      height: this.plan.height,
      frameRate: this.plan.frameRate,
      level,
      container,
      encoder: description,
    };
    this.decoder = new VideoDecoder(this.stream, options.threads ?? 2);
    this.canvas = new Canvas(this.plan);
    const parameters = new CodecParameters();
    parameters.alloc();
    check(parameters.fromContext(this.encoder), 'read the encoder parameters');
    this.writer = new Mp4Writer(options.output, parameters, container);
    this.packet.alloc();
    const duration =
      this.stream.duration === AV_NOPTS_VALUE
        ? 0
        : ticks(this.stream.duration, this.stream.timeBase.num, this.stream.timeBase.den);
    const from = (options.fromMs ?? 0) * 90;
    const to = Math.min(duration, options.toMs === undefined ? Infinity : options.toMs * 90);
    this.totalFrames = duration > 0 ? Math.max(1, Math.round((to - from) / this.frameTicks)) : null;
  }

  async run(): Promise<TranscodeResult> {
    const read = new Packet();
    read.alloc();
    let lastReport = 0;
    for (let more = true; more;) {
      const code = this.input.readFrameSync(read);
      if (isEof(code)) break;
      check(code, `read ${shown(this.options.input)}`);
      if (read.streamIndex === this.stream.index) more = this.decoder.decode(read, (frame) => this.take(frame));
      read.unref();
      if (Date.now() - lastReport > 200) {
        lastReport = Date.now();
        this.options.onProgress?.({ frames: this.frames, totalFrames: this.totalFrames });
        await new Promise(setImmediate); // lets a cancel message through
        if (this.options.signal?.aborted)
          throw new SmartBoxError({ code: 'cancelled', message: 'the transcode was cancelled', fault: 'input' });
      }
    }
    read.free();
    this.decoder.decode(null, (frame) => this.take(frame));
    if (this.frames === 0)
      throw new SmartBoxError({
        code: 'no-frames',
        message: `${shown(this.options.input)} has no decodable frame in the range asked for`,
        fault: 'input',
      });
    this.holdLast();
    check(this.encoder.sendFrameSync(null), 'finish encoding');
    this.drain();
    this.writer.finish();
    this.open = false;
    this.free();
    this.options.onProgress?.({ frames: this.frames, totalFrames: this.frames });
    return { frames: this.frames, ...this.result };
  }

  /** Places a decoded frame on the constant grid: repeated over a hole, left out where two fall on one place. */
  private take(frame: Frame): boolean {
    const at = ticks(frame.bestEffortTimestamp, this.stream.timeBase.num, this.stream.timeBase.den);
    if (this.firstTicks < 0) this.firstTicks = at;
    const offset = at - this.firstTicks - (this.options.fromMs ?? 0) * 90;
    if (this.options.toMs !== undefined && at - this.firstTicks >= this.options.toMs * 90 - 1) return false;
    const place = Math.floor(offset / this.frameTicks + 0.49);
    this.lastOffset = offset;
    if (place < this.frames) return true;
    // at most ten seconds of repeated frames: a longer hole is a broken time line
    if (place - this.frames > 10 * (90_000 / this.frameTicks))
      throw inputError(
        'time-line-broken',
        `the time line of ${shown(this.options.input)} jumps by ${Math.round((place - this.frames) * (this.frameTicks / 90))} ms`,
      );
    while (this.frames < place) this.encode();
    check(this.canvas.frame.makeWritable(), 'copy a picture');
    this.canvas.draw(frame);
    this.encode();
    return true;
  }

  /** Towards a higher rate the last picture is repeated too, for as long as it was shown. */
  private holdLast(): void {
    const { num, den } = this.stream.avgFrameRate;
    if (num <= 0) return;
    const shown = Math.round((this.lastOffset + (90_000 * den) / num) / this.frameTicks);
    for (let left = 10; left > 0 && this.frames < shown; left--) this.encode();
  }

  private encode(): void {
    const { frame } = this.canvas;
    frame.pts = BigInt(this.frames++);
    frame.pictType = this.frames === 1 ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    check(this.encoder.sendFrameSync(frame), 'encode a picture');
    this.drain();
  }

  private drain(): void {
    for (;;) {
      const code = this.encoder.receivePacketSync(this.packet);
      if (again(code)) return;
      check(code, 'encode a picture');
      this.packet.duration = 1n;
      this.writer.write(this.packet, { num: this.result.frameRate.den, den: this.result.frameRate.num });
    }
  }

  abandon(): void {
    if (!this.open) return;
    this.open = false;
    this.writer.abandon();
    this.free();
  }

  private free(): void {
    this.packet.free();
    this.canvas.close();
    this.decoder.close();
    this.encoder.freeContext();
  }
}

function targetSize(
  width: number,
  height: number,
  wanted: { readonly width?: number; readonly height?: number },
): { width: number; height: number } {
  const even = (value: number): number => Math.max(16, 2 * Math.round(value / 2));
  if (wanted.width && wanted.height) return { width: even(wanted.width), height: even(wanted.height) };
  if (wanted.width) return { width: even(wanted.width), height: even((height * wanted.width) / width) };
  if (wanted.height) return { width: even((width * wanted.height) / height), height: even(wanted.height) };
  return { width: 2 * Math.floor(width / 2), height: 2 * Math.floor(height / 2) };
}
