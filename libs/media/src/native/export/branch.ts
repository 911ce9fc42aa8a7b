import { inputError, SmartBoxError } from '@smartbox/kernel';
import {
  AV_PICTURE_TYPE_I,
  AV_PICTURE_TYPE_NONE,
  AV_PIX_FMT_YUV420P,
  AV_PIX_FMT_YUV422P,
  AV_PIX_FMT_YUV444P,
  AV_PKT_DATA_DISPLAYMATRIX,
  AVCOL_RANGE_JPEG,
  AVCOL_RANGE_UNSPECIFIED,
  AVFMT_NOFILE,
  type AVPixelFormat,
} from 'node-av/constants';
import {
  avGetPixFmtName,
  Codec,
  CodecContext,
  CodecParameters,
  FormatContext,
  Packet,
  Rational,
  type Frame,
  type Stream,
} from 'node-av/lib';
import { again, check } from '../av.ts';
import { pictureHash } from '../cut/picture-hash.ts';
import { FilterChain } from '../enhance/filter-chain.ts';
import { GLOBAL_HEADER } from '../mp4-writer.ts';
import type { SoundCodec, SoundSource } from './coded-sound.ts';

/** One file to make out of the decoded frames. */
export interface BranchOptions {
  readonly output: string;
  /** FFmpeg's muxer with its options. */
  readonly muxer: string;
  readonly muxerOptions?: Readonly<Record<string, string>>;
  /** FFmpeg's encoder with its options. */
  readonly encoder: string;
  readonly encoderOptions?: Readonly<Record<string, string>>;
  /** Filters before the encoder; default none. */
  readonly filters?: string;
  /** Pixel formats the encoder may get; any other is converted into the first. Empty: whatever comes. */
  readonly pixelFormats: readonly string[];
  /** A keyframe every so many seconds of the film, at the same frames in all branches. */
  readonly gopSeconds?: number;
  readonly threads?: number;
  /** Keeps the hash of every frame as it was given to the encoder, for the proof of a lossless copy. */
  readonly hashes?: boolean;
  /** `copy`: the sound of the source, where an MP4 may hold it; else in that codec, encoded anew where it is another. */
  readonly sound?: 'copy' | SoundCodec;
  /** Display matrix that the container keeps, as the source had it. */
  readonly rotation?: Buffer;
}

export interface BranchResult {
  readonly output: string;
  readonly frames: number;
  readonly width: number;
  readonly height: number;
  readonly encoder: string;
  /** RFC 6381, where the codec has one. */
  readonly codecString: string | null;
  /** The same of its sound; null where there is none. */
  readonly soundCodec: string | null;
  /** Empty unless asked for. */
  readonly hashes: readonly string[];
}

interface Rate {
  readonly num: number;
  readonly den: number;
}

const FULL_RANGE = new Map<string, AVPixelFormat>([
  ['yuvj420p', AV_PIX_FMT_YUV420P],
  ['yuvj422p', AV_PIX_FMT_YUV422P],
  ['yuvj444p', AV_PIX_FMT_YUV444P],
]);

/** Filters, encodes and writes one output. Every frame that goes in comes out, at its own time. */
export class Branch {
  private readonly options: BranchOptions;
  private readonly timeBase: Rate;
  private readonly frameRate: Rate;
  private chain: FilterChain | null | undefined;
  private context: CodecContext | null = null;
  private output: FormatContext | null = null;
  private stream: Stream | null = null;
  private readonly packet = new Packet();
  private frames = 0;
  private readonly audio: SoundSource | null;
  private soundStream: Stream | null = null;
  private sound: ReturnType<SoundSource['next']> = null;
  private soundCodec: string | null = null;
  /** Seconds from the start to where the picture ends. */
  private end = 0;
  private gop = -1;
  private readonly hashes: string[] = [];
  private codecString: string | null = null;
  private size = { width: 0, height: 0 };

  constructor(options: BranchOptions, timeBase: Rate, frameRate: Rate, audio: SoundSource | null) {
    this.options = options;
    this.audio = audio;
    this.timeBase = timeBase;
    this.frameRate = frameRate;
    this.packet.alloc();
  }

  /** `frame.pts` counts in the time base, from 0. */
  push(frame: Frame): void {
    const full = FULL_RANGE.get(avGetPixFmtName(frame.format as AVPixelFormat) ?? '');
    if (full !== undefined) {
      // the same samples under the present name: "j" formats are full range by another name
      frame.format = full;
      frame.colorRange = AVCOL_RANGE_JPEG;
    }
    this.chain ??= this.filters(frame);
    if (this.chain) this.chain.push(frame, (filtered) => this.encode(filtered));
    else this.encode(frame);
  }

  private filters(frame: Frame): FilterChain | null {
    const { filters = '', pixelFormats } = this.options;
    const name = avGetPixFmtName(frame.format as AVPixelFormat) ?? '';
    const [fallback] = pixelFormats;
    const kept = pixelFormats.includes(name) ? name : fallback;
    const steps = [filters, ...(kept && (filters || kept !== name) ? [`format=${kept}`] : [])].filter(Boolean);
    return steps.length > 0 ? new FilterChain(steps.join(','), [frame], this.timeBase) : null;
  }

  private encode(frame: Frame): void {
    this.context ??= this.open(frame);
    const { gopSeconds } = this.options;
    if (this.options.hashes) this.hashes.push(pictureHash(frame));
    frame.pictType = AV_PICTURE_TYPE_NONE;
    if (gopSeconds !== undefined) {
      const gop = Math.floor((Number(frame.pts) * this.timeBase.num) / this.timeBase.den / gopSeconds + 1e-6);
      if (gop !== this.gop) frame.pictType = AV_PICTURE_TYPE_I;
      this.gop = gop;
    }
    check(this.context.sendFrameSync(frame), 'encode a picture');
    this.frames++;
    this.drain();
  }

  private open(frame: Frame): CodecContext {
    const { options, timeBase, frameRate } = this;
    const codec = Codec.findEncoderByName(options.encoder as Parameters<typeof Codec.findEncoderByName>[0]);
    if (!codec) throw inputError('encoder-missing', `this FFmpeg build has no ${options.encoder}`);
    process.env['SVT_LOG'] ??= '1'; // errors only; the encoder writes to stderr by itself
    const context = new CodecContext();
    context.allocContext3(codec);
    context.width = frame.width;
    context.height = frame.height;
    context.pixelFormat = frame.format as AVPixelFormat;
    context.timeBase = new Rational(timeBase.num, timeBase.den);
    context.framerate = new Rational(frameRate.num, frameRate.den);
    context.threadCount = options.threads ?? 2;
    if (frame.sampleAspectRatio.num > 0) context.sampleAspectRatio = frame.sampleAspectRatio;
    if (frame.colorRange !== AVCOL_RANGE_UNSPECIFIED) context.colorRange = frame.colorRange;
    context.colorPrimaries = frame.colorPrimaries;
    context.colorTrc = frame.colorTrc;
    context.colorSpace = frame.colorSpace;
    context.setFlags(GLOBAL_HEADER);
    for (const [name, value] of Object.entries(options.encoderOptions ?? {}))
      check(context.setOption(name, value), `set the encoder option ${name}=${value}`);
    const opened = context.open2Sync(codec, null);
    if (opened < 0) {
      context.freeContext();
      const format = avGetPixFmtName(frame.format as AVPixelFormat);
      throw inputError('not-encodable', `${options.encoder} does not take ${frame.width}x${frame.height} in ${format}`);
    }
    this.size = { width: frame.width, height: frame.height };
    this.openOutput(context);
    return context;
  }

  private openOutput(context: CodecContext): void {
    const { output: path, muxer, muxerOptions, rotation } = this.options;
    const output = new FormatContext();
    check(output.allocOutputContext2(null, muxer, path), `write ${path}`);
    this.output = output;
    const stream = output.newStream(null);
    const parameters = new CodecParameters();
    parameters.alloc();
    check(parameters.fromContext(context), 'read the encoder parameters');
    check(parameters.copy(stream.codecpar), 'copy the encoder parameters');
    if (rotation) stream.codecpar.addCodedSideData(AV_PKT_DATA_DISPLAYMATRIX, rotation);
    this.codecString = parameters.getCodecString();
    stream.timeBase = new Rational(this.timeBase.num, this.timeBase.den);
    stream.avgFrameRate = new Rational(this.frameRate.num, this.frameRate.den);
    const sound = this.audio?.parameters;
    if (sound) {
      this.soundStream = output.newStream(null);
      check(sound.copy(this.soundStream.codecpar), 'copy the audio parameters');
      this.soundStream.codecpar.codecTag = 0;
      if (!this.audio?.padded) this.soundStream.codecpar.initialPadding = 0; // the times say it all
      this.soundCodec = sound.getCodecString();
      this.soundStream.timeBase = new Rational(1, sound.sampleRate);
      this.sound = this.audio?.next() ?? null;
    }
    if (!output.oformat?.hasFlags(AVFMT_NOFILE)) check(output.openOutputSync(), `write ${path}`);
    for (const [name, value] of Object.entries(muxerOptions ?? {}))
      check(output.setOption(name, value), `set the option ${name}=${value} of ${muxer}`);
    check(output.writeHeaderSync(null), `write ${path}`);
    this.stream = stream;
  }

  private drain(): void {
    for (;;) {
      const code = this.context?.receivePacketSync(this.packet) ?? -1;
      if (again(code)) return;
      check(code, 'encode a picture');
      const { num, den } = this.timeBase;
      if (this.packet.duration <= 0n)
        this.packet.duration = BigInt(Math.max(1, Math.round((den * this.frameRate.den) / (num * this.frameRate.num))));
      this.packet.streamIndex = 0;
      this.end = Math.max(this.end, (Number(this.packet.pts + this.packet.duration) * num) / den);
      this.writeSound((Number(this.packet.dts) * num) / den);
      if (this.stream) this.packet.rescaleTs(this.timeBase, this.stream.timeBase);
      check(this.output?.writeFrameSync(this.packet) ?? 0, `write ${this.options.output}`);
      this.packet.unref();
    }
  }

  /** The sound up to this time, in seconds: it stands beside its picture in the file. */
  private writeSound(until: number): void {
    const rate = this.audio?.parameters?.sampleRate ?? 1;
    while (this.sound && this.soundStream && this.sound.seconds < until) {
      const { packet } = this.sound;
      packet.streamIndex = this.soundStream.index;
      packet.rescaleTs({ num: 1, den: rate }, this.soundStream.timeBase);
      packet.pos = -1n;
      check(this.output?.writeFrameSync(packet) ?? 0, `write ${this.options.output}`);
      this.sound = this.audio?.next() ?? null;
    }
  }

  finish(): BranchResult {
    this.chain?.push(null, (filtered) => this.encode(filtered));
    const { context, output } = this;
    if (!context || !output)
      throw new SmartBoxError({ code: 'no-frames', message: 'there was no frame to encode', fault: 'input' });
    check(context.sendFrameSync(null), 'finish encoding');
    this.drain();
    this.writeSound(this.end);
    check(output.writeTrailerSync(), `finish ${this.options.output}`);
    const { encoder, encoderOptions = {} } = this.options;
    const settings = Object.entries(encoderOptions).map(([name, value]) => `${name}=${value}`);
    return {
      output: this.options.output,
      frames: this.frames,
      ...this.size,
      encoder: [encoder, ...settings].join(' '),
      codecString: this.codecString,
      soundCodec: this.soundCodec,
      hashes: this.hashes,
    };
  }

  close(): void {
    this.packet.free();
    this.chain?.close();
    if (this.output && !this.output.oformat?.hasFlags(AVFMT_NOFILE)) this.output.closeOutputSync();
    this.output?.freeContext();
    this.context?.freeContext();
  }
}
