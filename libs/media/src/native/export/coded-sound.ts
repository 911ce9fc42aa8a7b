import { inputError, SmartBoxError } from '@smartbox/kernel';
import {
  AV_CHANNEL_ORDER_NATIVE,
  AV_CODEC_ID_AAC,
  AV_CODEC_ID_OPUS,
  AV_SAMPLE_FMT_FLT,
  AV_SAMPLE_FMT_FLTP,
  type AVCodecID,
  type AVSampleFormat,
} from 'node-av/constants';
import {
  Codec,
  CodecContext,
  CodecParameters,
  FilterGraph,
  Frame,
  Packet,
  Rational,
  type FilterContext,
} from 'node-av/lib';
import { again, check } from '../av.ts';
import type { AudioCut } from '../cut/audio-cut.ts';
import { GLOBAL_HEADER } from '../mp4-writer.ts';

/** Sound that goes into a file: packets with their times from the start of the film, in ticks of the sample rate. */
export interface SoundSource {
  readonly parameters: CodecParameters | undefined;
  /** The first packets hold samples that are not to be heard, before the start, and the container says how many. */
  readonly padded: boolean;
  next(): { packet: Packet; seconds: number } | null;
  close(): Promise<void>;
}

export type SoundCodec = 'aac' | 'opus';

const RATE = 48_000;
const CODECS: Readonly<Record<SoundCodec, { id: AVCodecID; encoder: string; format: AVSampleFormat; name: string }>> = {
  aac: { id: AV_CODEC_ID_AAC, encoder: 'aac', format: AV_SAMPLE_FMT_FLTP, name: 'fltp' },
  opus: { id: AV_CODEC_ID_OPUS, encoder: 'libopus', format: AV_SAMPLE_FMT_FLT, name: 'flt' },
};
/** Voices and a room, in stereo. */
const BITS_PER_CHANNEL = 64_000n;

/** The sound as it comes where it is in that codec already; else decoded and encoded. */
export function soundIn(codec: SoundCodec, cut: AudioCut): SoundSource {
  const { codecId, extradata } = cut.parameters ?? {};
  // AAC of a transport stream brings its configuration in every packet, where an MP4 has none
  const fits = codecId === CODECS[codec].id && (extradata?.length ?? 0) > 0;
  return fits ? cut : new CodedSound(cut, codec);
}

/** Decodes and encodes: every sample stays where it was; where there is none, there is silence. */
class CodedSound implements SoundSource {
  readonly parameters = new CodecParameters();
  readonly padded = true;
  private readonly cut: AudioCut;
  private readonly codec: (typeof CODECS)[SoundCodec];
  private readonly decoder: CodecContext;
  private readonly encoder = new CodecContext();
  private readonly packet = new Packet();
  private readonly decoded = new Frame();
  private graph: { graph: FilterGraph; source: FilterContext; sink: FilterContext } | null = null;
  /** Filtered, of the encoder's length, not encoded yet. */
  private readonly waiting: Frame[] = [];
  private state: 'reading' | 'ending' | 'ended' = 'reading';

  constructor(cut: AudioCut, codec: SoundCodec) {
    this.cut = cut;
    this.codec = CODECS[codec];
    const from = cut.parameters;
    if (!from) throw inputError('no-sound', 'there is no sound to encode');
    this.decoder = decoderOf(from);
    const encoder = Codec.findEncoderByName(this.codec.encoder as Parameters<typeof Codec.findEncoderByName>[0]);
    if (!encoder) throw inputError('encoder-missing', `this FFmpeg build has no ${this.codec.encoder}`);
    const channels = Math.min(2, from.channels);
    this.encoder.allocContext3(encoder);
    this.encoder.sampleRate = RATE;
    this.encoder.sampleFormat = this.codec.format;
    this.encoder.channelLayout = {
      nbChannels: channels,
      order: AV_CHANNEL_ORDER_NATIVE,
      mask: channels === 1 ? 4n : 3n,
    };
    this.encoder.bitRate = BITS_PER_CHANNEL * BigInt(channels);
    this.encoder.timeBase = new Rational(1, RATE);
    this.encoder.setFlags(GLOBAL_HEADER);
    check(this.encoder.open2Sync(encoder, null), `open ${this.codec.encoder}`);
    this.parameters.alloc();
    check(this.parameters.fromContext(this.encoder), 'read the encoder parameters');
    this.packet.alloc();
    this.decoded.alloc();
  }

  next(): ReturnType<SoundSource['next']> {
    for (;;) {
      this.packet.unref();
      const code = this.encoder.receivePacketSync(this.packet);
      if (!again(code)) {
        check(code, 'encode the sound');
        return { packet: this.packet, seconds: Number(this.packet.pts) / RATE };
      }
      if (this.state === 'ended') return null;
      this.feed();
    }
  }

  /** One more frame for the encoder, or its end. */
  private feed(): void {
    while (this.waiting.length === 0 && this.state === 'reading') this.read();
    const frame = this.waiting.shift();
    if (!frame) this.state = 'ended';
    check(this.encoder.sendFrameSync(frame ?? null), 'encode the sound');
    frame?.free();
  }

  private read(): void {
    const from = this.cut.next();
    const sent = this.decoder.sendPacketSync(from?.packet ?? null);
    // a damaged packet is silence of its length; the picture is what the film is about
    if (sent < 0 && !again(sent) && from) return;
    while (this.decoder.receiveFrameSync(this.decoded) >= 0) {
      this.filter(this.decoded);
      this.decoded.unref();
    }
    if (from) return;
    if (this.graph) this.filter(null);
    this.state = 'ending';
  }

  private filter(frame: Frame | null): void {
    if (frame) this.graph ??= this.open(frame);
    if (!this.graph) return;
    const { source, sink } = this.graph;
    check(source.buffersrcAddFrameSync(frame), 'filter the sound');
    for (;;) {
      const out = new Frame();
      out.alloc();
      const code = sink.buffersinkGetFrameSync(out);
      if (again(code)) {
        out.free();
        return;
      }
      check(code, 'filter the sound');
      this.waiting.push(out);
    }
  }

  /** `async`, `first_pts`: what is missing becomes silence, what overlaps goes, from the first picture on. */
  private open(frame: Frame) {
    const { nbChannels, mask } = frame.channelLayout;
    const layout = mask > 0n ? `0x${mask.toString(16)}` : nbChannels === 1 ? 'mono' : nbChannels === 2 ? 'stereo' : `${nbChannels}c`; // prettier-ignore
    const rate = this.cut.parameters?.sampleRate ?? RATE;
    const input = `abuffer@in=time_base=1/${rate}:sample_rate=${frame.sampleRate}:sample_fmt=${frame.format}:channel_layout=${layout}`;
    const to = this.encoder.channelLayout.nbChannels === 1 ? 'mono' : 'stereo';
    const steps = [
      `aresample=${RATE}:async=1:min_hard_comp=0.01:first_pts=0`,
      `aformat=sample_fmts=${this.codec.name}:channel_layouts=${to}`,
      `asetnsamples=n=${this.encoder.frameSize}:p=0`,
    ];
    const graph = new FilterGraph();
    graph.alloc();
    const parsed = graph.parsePtr(`${input}[a];[a]${steps.join(',')}[b];[b]abuffersink@out`);
    const ready = parsed < 0 ? parsed : graph.configSync();
    const source = ready < 0 ? null : graph.getFilter('abuffer@in');
    const sink = ready < 0 ? null : graph.getFilter('abuffersink@out');
    if (source && sink) return { graph, source, sink };
    graph.free();
    throw new SmartBoxError({ code: 'bad-filter', message: `FFmpeg does not accept sound of ${frame.sampleRate} Hz in ${layout}`, fault: 'input' }); // prettier-ignore
  }

  async close(): Promise<void> {
    for (const frame of this.waiting) frame.free();
    this.graph?.graph.free();
    this.decoded.free();
    this.packet.free();
    this.decoder.freeContext();
    this.encoder.freeContext();
    await this.cut.close();
  }
}

function decoderOf(parameters: CodecParameters): CodecContext {
  const codec = Codec.findDecoder(parameters.codecId);
  if (!codec) throw inputError('codec-unknown', `there is no decoder for the sound (codec ${parameters.codecId})`);
  const decoder = new CodecContext();
  decoder.allocContext3(codec);
  check(decoder.parametersToContext(parameters), 'read the audio parameters');
  decoder.pktTimebase = new Rational(1, parameters.sampleRate);
  check(decoder.open2Sync(codec, null), `open the decoder ${codec.name ?? ''}`);
  return decoder;
}
