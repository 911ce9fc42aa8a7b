import { rm } from 'node:fs/promises';
import { SmartBoxError, toError } from '@smartbox/kernel';
import { AV_PICTURE_TYPE_I, AV_PICTURE_TYPE_NONE } from 'node-av/constants';
import { Packet, type Frame } from 'node-av/lib';
import { snapFrameRate, type FrameRate } from '../frame-rate.ts';
import type { Closeness, EncoderChoice } from '../coding.ts';
import { openMedia, sampleAspectOf, videoStream } from './av.ts';
import { compareGrid } from './closeness.ts';
import { conversionNotes, type CodedPicture } from './conversion-notes.ts';
import { Grid, type GridOptions } from './grid.ts';
import type { Machine } from './device-encoder.ts';
import { encodingsFor, type Encoding } from './hardware.ts';
import { Mp4Writer } from './mp4-writer.ts';
import { scanOf } from './scan.ts';
import type { VideoEncoder } from './video-encoder.ts';
import { planVideo, type PlanSource, type VideoPlan, type VideoTarget } from './video-target.ts';

export interface TranscodeOptions {
  /** Path or http(s) URL. */
  readonly input: string;
  /** Path of the file to write; removed again when the job fails. */
  readonly output: string;
  /** Default: as the input is shown, made even. A smaller size keeps the aspect when only the width is given. */
  readonly width?: number;
  readonly height?: number;
  /** The picture is made smaller to fit into this, lying or standing as it is itself, its aspect kept; never larger. */
  readonly within?: { readonly width: number; readonly height: number };
  /** Constant rate of the output. Default: the input's average, snapped to a common rate. */
  readonly frameRate?: FrameRate;
  /** Of H.264. Default 4.2. */
  readonly highestLevel?: '4.1' | '4.2';
  /** What to encode for. Default `h264`. */
  readonly target?: VideoTarget;
  /** x264 and x265 quality, 0-51. Default 20. */
  readonly crf?: number;
  /** Default `veryfast`. */
  readonly preset?: string;
  readonly threads?: number;
  /** What HEVC is encoded with. Default `auto`. */
  readonly encoder?: EncoderChoice;
  /** Part of the input, in ms from its first frame. */
  readonly fromMs?: number;
  readonly toMs?: number;
  /** Compares at most so many frames, evenly spread, with what the encoder was given. Default none. */
  readonly compare?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TranscodeProgress) => void;
  /** Default: this one. */
  readonly machine?: Machine;
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
  /** Of encoding, without comparing. */
  readonly durationMs: number;
  readonly closeness?: Closeness;
  /** What a person should know of how it was made: fields, hardware that is not there. */
  readonly notes: readonly string[];
}

/**
 * Re-encodes any video into one that a DICOM transfer syntax holds: by default H.264 High profile of level 4.1 (.102) or
 * 4.2 (.104); see `VideoTarget` for the others. 4:2:0, constant frame rate, closed GOPs of a second at most without
 * B-frames, in a faststart MP4 or (MPEG-2) a transport stream, without audio (PS3.5 8.2.5 to 8.2.11). Frames are repeated
 * or left out to keep the rate constant. Interlaced video stays so where the target holds it, and is deinterlaced where
 * not. H.264 larger than 1080p60 is refused: that is HEVC's field.
 * @throws SmartBoxError `media-error`, `no-video`, `no-frames`, `does-not-fit-dicom`, `no-hardware-encoder`, `cancelled`.
 */
export async function transcode(options: TranscodeOptions): Promise<TranscodeResult> {
  const source = await sourceOf(options);
  const plan = planOf(options, source);
  const { ways, notes } = await encodingsFor(plan, options, options.encoder, options.machine);
  const all = [...conversionNotes(plan, source, source.coded), ...notes];
  for (const [index, way] of ways.entries()) {
    try {
      return await encodeAs(options, source, plan, way, all);
    } catch (error) {
      await rm(options.output, { force: true });
      const software = ways[index + 1];
      const cancelled = error instanceof SmartBoxError && error.code === 'cancelled';
      if (!software || cancelled) throw error;
      // from the beginning: nothing of a half-made stream can be kept
      all.push(`${way.name} failed (${toError(error).message}), encoded by ${software.name} from the beginning`);
    }
  }
  throw new Error('there is always a way to encode');
}

async function encodeAs(
  options: TranscodeOptions,
  source: PlanSource,
  plan: VideoPlan,
  way: Encoding,
  notes: readonly string[],
): Promise<TranscodeResult> {
  const gridOptions: GridOptions = {
    plan,
    sourceRate: source.frameRate,
    threads: options.threads ?? 2,
    fromMs: options.fromMs ?? 0,
    toMs: options.toMs ?? Infinity,
  };
  const begun = performance.now();
  const grid = await Grid.open(options.input, gridOptions);
  const output = new EncodedOutput(options.output, way, plan);
  const { totalFrames } = grid;
  try {
    const frames = await grid.run(
      (picture) => output.add(picture),
      options.signal,
      (done) => options.onProgress?.({ frames: done, totalFrames }),
    );
    output.finish();
    const durationMs = Math.round(performance.now() - begun);
    options.onProgress?.({ frames, totalFrames: frames });
    const { width, height, frameRate, level, container } = plan;
    const made = { frames, width, height, frameRate, level, container, encoder: output.description, durationMs, notes };
    if (options.compare === undefined) return made;
    const every = Math.max(1, Math.ceil(frames / options.compare));
    const closeness = await compareGrid(options.input, gridOptions, options.output, every, options.signal);
    return { ...made, closeness };
  } catch (error) {
    output.abandon();
    throw error;
  } finally {
    await grid.close();
  }
}

/** Pictures in, a file out. */
class EncodedOutput {
  readonly description: string;
  private readonly encoder: VideoEncoder;
  private readonly writer: Mp4Writer;
  private readonly packet = new Packet();
  private readonly timeBase: { readonly num: number; readonly den: number };
  private open = true;

  constructor(path: string, way: Encoding, { container, frameRate }: VideoPlan) {
    this.encoder = way.open();
    this.description = this.encoder.description;
    this.timeBase = { num: frameRate.den, den: frameRate.num };
    this.writer = new Mp4Writer(path, this.encoder.parameters, container);
    this.packet.alloc();
  }

  add(picture: Frame): void {
    picture.pictType = picture.pts === 0n ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    this.encoder.send(picture);
    this.drain();
  }

  private drain(): void {
    while (this.encoder.receive(this.packet)) {
      this.packet.duration = 1n;
      this.writer.write(this.packet, this.timeBase);
    }
  }

  finish(): void {
    this.encoder.send(null);
    this.drain();
    this.writer.finish();
    this.free();
  }

  abandon(): void {
    if (!this.open) return;
    this.writer.abandon();
    this.free();
  }

  private free(): void {
    this.open = false;
    this.packet.free();
    this.encoder.close();
  }
}

/** Of a rate that was asked for, the pictures are brought to it; else they follow the fields, unless they lie on their side. */
function planOf({ target = 'h264', frameRate, highestLevel }: TranscodeOptions, source: Source): VideoPlan {
  if (!frameRate && !(source.fields && source.coded.turn)) return planVideo(target, source, highestLevel);
  const { fields, ...pictures } = source;
  const plan = planVideo(target, frameRate ? { ...pictures, frameRate } : pictures, highestLevel);
  const wanted = frameRate ?? source.frameRate;
  const twice = wanted.num / wanted.den > (1.5 * source.frameRate.num) / source.frameRate.den;
  return fields ? { ...plan, deinterlace: twice ? 'field' : 'frame' } : plan;
}

type Source = PlanSource & { readonly coded: CodedPicture };

/** What the input is, as shown: in square samples, at the rate of its pictures. */
async function sourceOf(options: TranscodeOptions): Promise<Source> {
  const { turn, fields, pictureRate: measured } = await scanOf(options.input);
  const input = await openMedia(options.input);
  try {
    const stream = videoStream(input, options.input);
    const { width, height } = stream.codecpar;
    const sampleAspect = sampleAspectOf(stream) ?? { num: 1, den: 1 };
    const across = (width * sampleAspect.num) / sampleAspect.den;
    const size = turn?.swaps ? targetSize(height, across, options) : targetSize(across, height, options);
    const average = stream.avgFrameRate.num > 0 ? stream.avgFrameRate.num / stream.avgFrameRate.den : 0;
    const frameRate = snapFrameRate(pictureRate(average, measured));
    return { ...size, frameRate, fields: fields ?? undefined, coded: { width, height, sampleAspect, turn } };
  } finally {
    await input.closeInput();
  }
}

/** The container's average, unless it counts fields or says something no camera gives. */
function pictureRate(average: number, measured: number | null): number {
  const counted = measured !== null && Math.abs(average / measured - 2) < 0.05;
  const plausible = average >= 1 && average <= 240 && !counted;
  return plausible ? average : (measured ?? 30);
}

const even = (value: number): number => Math.max(16, 2 * Math.round(value / 2));

function targetSize(
  width: number,
  height: number,
  wanted: Pick<TranscodeOptions, 'width' | 'height' | 'within'>,
): { width: number; height: number } {
  if (wanted.width && wanted.height) return { width: even(wanted.width), height: even(wanted.height) };
  if (wanted.width) return { width: even(wanted.width), height: even((height * wanted.width) / width) };
  if (wanted.height) return { width: even((width * wanted.height) / height), height: even(wanted.height) };
  const { within } = wanted;
  const [long, short] = width < height ? [height, width] : [width, height];
  const scale = within ? Math.min(1, within.width / long, within.height / short) : 1;
  const down = (value: number): number => Math.max(16, 2 * Math.floor((value * scale) / 2 + 1e-9));
  return { width: down(width), height: down(height) };
}
