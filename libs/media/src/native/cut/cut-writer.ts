import { AV_CODEC_ID_H264 } from 'node-av/constants';
import { FormatContext, Packet, Rational, type CodecParameters, type Stream } from 'node-av/lib';
import { check } from '../av.ts';
import type { AudioCut } from './audio-cut.ts';
import type { TimeBase } from './source-index.ts';

/** Times of the film: when each frame is shown (and, last, when it ends), and how far decoding runs ahead. */
export interface FilmTimes {
  readonly timeBase: TimeBase;
  readonly shown: readonly number[];
  /** Frames by which decoding order differs from presentation order at most; 0 without B-frames. */
  readonly reorder: number;
}

/** Writes coded pictures in decoding order into a faststart MP4, each with the exact time of the frame it shows. */
export class CutWriter {
  private readonly output = new FormatContext();
  private readonly video: Stream;
  private readonly path: string;
  private readonly times: FilmTimes;
  private readonly packet = new Packet();
  private written = 0;
  private readonly audio: { cut: AudioCut; stream: Stream } | null = null;
  private sound: ReturnType<AudioCut['next']> = null;

  constructor(path: string, parameters: CodecParameters, times: FilmTimes, audio: AudioCut | null) {
    this.path = path;
    this.times = times;
    check(this.output.allocOutputContext2(null, 'mp4', path), `write ${path}`);
    this.video = this.output.newStream(null);
    check(parameters.copy(this.video.codecpar), 'copy the codec parameters');
    this.video.codecpar.codecTag = parameters.codecId === AV_CODEC_ID_H264 ? 'avc1' : 0;
    this.video.timeBase = new Rational(times.timeBase.num, times.timeBase.den);
    const sound = audio?.parameters;
    if (audio && sound) {
      const stream = this.output.newStream(null);
      check(sound.copy(stream.codecpar), 'copy the audio parameters');
      stream.codecpar.codecTag = 0;
      stream.codecpar.initialPadding = 0; // the times say it all
      stream.timeBase = new Rational(1, sound.sampleRate);
      this.audio = { cut: audio, stream };
      this.sound = audio.next();
    }
    check(this.output.openOutputSync(), `write ${path}`);
    check(this.output.setOption('movflags', '+faststart'), 'set movflags');
    check(this.output.writeHeaderSync(null), `write ${path}`);
    this.packet.alloc();
  }

  /** @param frame which frame of the film the picture shows. */
  write(data: Buffer, frame: number, keyframe: boolean): void {
    const { shown, timeBase } = this.times;
    const at = shown[frame] ?? 0;
    this.writeSound(((shown[Math.max(0, this.written - this.times.reorder)] ?? at) * timeBase.num) / timeBase.den);
    const { packet } = this;
    packet.data = data;
    packet.pts = BigInt(at);
    packet.dts = BigInt(this.decodingTime(this.written++));
    packet.duration = BigInt((shown[frame + 1] ?? at) - at);
    packet.isKeyframe = keyframe;
    packet.streamIndex = this.video.index;
    packet.rescaleTs(timeBase, this.video.timeBase);
    packet.pos = -1n;
    check(this.output.writeFrameSync(packet), `write ${this.path}`);
    packet.unref();
  }

  /** The sound up to this time of the film: it stands beside its picture in the file. */
  private writeSound(until: number): void {
    while (this.audio && this.sound && this.sound.seconds <= until) {
      const { packet } = this.sound;
      const { cut, stream } = this.audio;
      const rate = cut.parameters?.sampleRate ?? 1;
      packet.streamIndex = stream.index;
      packet.rescaleTs({ num: 1, den: rate }, stream.timeBase);
      packet.pos = -1n;
      check(this.output.writeFrameSync(packet), `write ${this.path}`);
      this.sound = cut.next();
    }
  }

  /** The time of the frame `reorder` places before: grows strictly and is never later than the frame is shown. */
  private decodingTime(place: number): number {
    const { shown, reorder } = this.times;
    const at = place - reorder;
    if (at >= 0) return shown[at] ?? 0;
    const step = Math.max(1, (shown[1] ?? 1) - (shown[0] ?? 0));
    return (shown[0] ?? 0) + at * step;
  }

  finish(): void {
    this.writeSound(Infinity);
    check(this.output.writeTrailerSync(), `finish ${this.path}`);
    this.close();
  }

  /** After a failure: the file is incomplete and the caller removes it. */
  close(): void {
    this.packet.free();
    this.output.closeOutputSync();
    this.output.freeContext();
  }
}
