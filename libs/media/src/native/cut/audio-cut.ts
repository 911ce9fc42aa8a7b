import {
  AV_CODEC_ID_AAC,
  AV_CODEC_ID_AC3,
  AV_CODEC_ID_ALAC,
  AV_CODEC_ID_EAC3,
  AV_CODEC_ID_FLAC,
  AV_CODEC_ID_MP3,
  AV_CODEC_ID_OPUS,
  AV_NOPTS_VALUE,
  AVMEDIA_TYPE_AUDIO,
  AVSEEK_FLAG_BACKWARD,
  type AVCodecID,
} from 'node-av/constants';
import { avGetCodecName, Packet, type CodecParameters, type FormatContext, type Stream } from 'node-av/lib';
import { check, isEof, openMedia, shown } from '../av.ts';
import type { CutPart } from './plan.ts';
import type { SourceIndex } from './source-index.ts';

/** What the sound has to know about the picture. */
export type AudioSource = Pick<SourceIndex, 'path' | 'times' | 'timeBase'>;

/** What an MP4 holds and every player takes. */
const IN_MP4: ReadonlySet<AVCodecID> = new Set([
  AV_CODEC_ID_AAC,
  AV_CODEC_ID_AC3,
  AV_CODEC_ID_ALAC,
  AV_CODEC_ID_EAC3,
  AV_CODEC_ID_FLAC,
  AV_CODEC_ID_MP3,
  AV_CODEC_ID_OPUS,
]);
/** Read so much before a part, so that a container's coarse seeking misses nothing. */
const LEAD_SECONDS = 1;

interface Track {
  readonly input: FormatContext;
  readonly stream: Stream;
}

/**
 * The sound of a film, packet by packet and copied: those packets of which more than half lies within a part, at
 * exactly the distance from the picture that they have in the source.
 */
export class AudioCut {
  /** Its times are told, and what was not to be heard is left out. */
  readonly padded = false;
  private readonly sources: readonly AudioSource[];
  private readonly parts: readonly CutPart[];
  private readonly tracks: readonly Track[];
  private readonly packet = new Packet();
  private part = 0;
  private started = false;
  /** Seconds of film before the present part. */
  private before = 0;
  private last = -1n;

  private constructor(sources: readonly AudioSource[], parts: readonly CutPart[], tracks: readonly Track[]) {
    this.sources = sources;
    this.parts = parts;
    this.tracks = tracks;
    this.packet.alloc();
  }

  /**
   * `cut` is null where there is no sound, or none that can be kept; then the note says why.
   * @param anew it will be decoded and encoded: its codec need not stand in an MP4
   */
  static async open(
    sources: readonly AudioSource[],
    parts: readonly CutPart[],
    anew = false,
  ): Promise<{ cut: AudioCut | null; note: string | null }> {
    const inputs: FormatContext[] = [];
    const closeAll = async (): Promise<void> => void (await Promise.all(inputs.map((input) => input.closeInput())));
    try {
      for (const { path } of sources) inputs.push(await openMedia(path));
      const streams = inputs.map((input) => input.streams[input.findBestStream(AVMEDIA_TYPE_AUDIO)]);
      const found = streams.filter((stream) => stream !== undefined);
      const note = found.length === 0 ? null : obstacle(sources, streams, anew);
      if (note !== null || found.length < sources.length) {
        await closeAll();
        return { cut: null, note };
      }
      const tracks = inputs.flatMap((input, i) => {
        const stream = found[i];
        return stream ? [{ input, stream }] : [];
      });
      return { cut: new AudioCut(sources, parts, tracks), note: null };
    } catch (error) {
      await closeAll();
      throw error;
    }
  }

  get parameters(): CodecParameters | undefined {
    return this.tracks[0]?.stream.codecpar;
  }

  /**
   * The next packet, its times in ticks of the sample rate from the start of the film; null at the end. It is valid
   * until the next call.
   */
  next(): { packet: Packet; seconds: number } | null {
    for (;;) {
      const part = this.parts[this.part];
      const index = part && this.sources[part.source];
      const track = part && this.tracks[part.source];
      if (!part || !index || !track) return null;
      const { num, den } = index.timeBase;
      const from = ((index.times[part.from] ?? 0) * num) / den;
      const to = ((index.times[part.to] ?? 0) * num) / den;
      const taken = this.read(track, index.path, from, to);
      if (taken) return taken;
      this.part++;
      this.started = false;
      this.before += to - from;
    }
  }

  private read({ input, stream }: Track, path: string, from: number, to: number): ReturnType<AudioCut['next']> {
    const { num, den } = stream.timeBase;
    if (!this.started) {
      const target = Math.max(0, Math.floor(((from - LEAD_SECONDS) * den) / num));
      input.seekFrameSync(stream.index, BigInt(target), AVSEEK_FLAG_BACKWARD);
      this.started = true;
    }
    const { packet } = this;
    for (;;) {
      packet.unref();
      const code = input.readFrameSync(packet);
      if (isEof(code)) return null;
      check(code, `read ${shown(path)}`);
      if (packet.streamIndex !== stream.index || packet.pts === AV_NOPTS_VALUE) continue;
      const at = (Number(packet.pts) * num) / den;
      const middle = at + (Number(packet.duration) * num) / den / 2;
      if (middle < from) continue;
      if (middle >= to) return null;
      const rate = stream.codecpar.sampleRate;
      const ticks = BigInt(Math.round((this.before + at - from) * rate));
      if (ticks < 0n || ticks <= this.last) continue; // priming before the first picture
      this.last = ticks;
      packet.pts = packet.dts = ticks;
      packet.duration = BigInt(Math.round((Number(packet.duration) * num * rate) / den));
      return { packet, seconds: Number(ticks) / rate };
    }
  }

  async close(): Promise<void> {
    this.packet.free();
    await Promise.all(this.tracks.map(({ input }) => input.closeInput()));
  }
}

/** Why the sound cannot be kept, in plain words. */
function obstacle(
  sources: readonly AudioSource[],
  streams: readonly (Stream | undefined)[],
  anew: boolean,
): string | null {
  const first = streams.find((stream) => stream !== undefined)?.codecpar;
  for (const [i, stream] of streams.entries()) {
    const name = shown(sources[i]?.path ?? '');
    const own = stream?.codecpar;
    if (!own || !first) return `the sound is left out: ${name} has none`;
    if (!anew && !IN_MP4.has(own.codecId))
      return `the sound is left out: ${avGetCodecName(own.codecId) ?? 'its codec'} of ${name} does not stand in an MP4`;
    const same =
      own.codecId === first.codecId &&
      own.sampleRate === first.sampleRate &&
      own.channels === first.channels &&
      (own.extradata ?? Buffer.alloc(0)).equals(first.extradata ?? Buffer.alloc(0));
    if (!same) return `the sound is left out: that of ${name} has another format than that of the first source`;
  }
  return null;
}
