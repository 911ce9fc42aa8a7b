import { rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { inputError } from '@smartbox/kernel';
import { AV_PKT_DATA_DISPLAYMATRIX } from 'node-av/constants';
import { CodecParameters, type Frame } from 'node-av/lib';
import { NAL, nalType, splitAnnexB, toAvcc } from '../../h264/nal.ts';
import { check } from '../av.ts';
import { AudioCut } from './audio-cut.ts';
import { CutWriter, type FilmTimes } from './cut-writer.ts';
import { edgeEncoder, type EdgeEncoder } from './edge-encoder.ts';
import { Conform, copyable, filmFormat, filmTimes, firstPicture, type FilmFormat } from './film.ts';
import { decodeGop, PacketReader } from './packet-reader.ts';
import type { ParameterSets } from './parameter-sets.ts';
import { planCut, type CutPart, type Segment } from './plan.ts';
import { proveBytes, proveFrames, SliceHash, type CutProof } from './proof.ts';
import { breathe, damaged, decodeSource, nalsOf, type SourceIndex } from './source-index.ts';

export interface SmartCutOptions {
  /** Every file of the film, indexed once with `indexSource`. */
  readonly sources: readonly SourceIndex[];
  /** The film: frames of the sources, in order. */
  readonly parts: readonly CutPart[];
  /** Path of the MP4. It appears when it is complete and proved, never before. */
  readonly output: string;
  /** `frames`: hash every frame of source and cut (decodes both); `bytes`: the copied bytes only. Default `frames`. */
  readonly proof?: 'frames' | 'bytes';
  /** Copies nothing. */
  readonly encodeAll?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { frames: number; totalFrames: number; proving: boolean }) => void;
}

export interface SmartCutResult {
  readonly frames: number;
  readonly copiedFrames: number;
  readonly reencodedFrames: number;
  readonly durationMs: number;
  /** The film has the sound of its sources. */
  readonly audio: boolean;
  /** What was done, in the order of the film. */
  readonly segments: readonly { kind: 'copy' | 'encode'; source: number; from: number; to: number }[];
  /** Why something was not copied, in plain words. */
  readonly notes: readonly string[];
  /** Settings of the re-encoded frames; null when there are none. */
  readonly encoder: string | null;
  readonly proof: CutProof;
}

/**
 * Cuts and joins in one pass, exactly to the frame. Whole GOPs are copied bit for bit; only the edges are encoded
 * anew, with pictures that may stand between the copied ones. Constant memory but for the list of frames.
 * @throws SmartBoxError `media-error`, `damaged`, `cannot-join`, `nothing-left`, `output-is-input`, `cancelled`,
 * `proof-failed`. Nothing is left behind then.
 */
export async function smartCut(options: SmartCutOptions): Promise<SmartCutResult> {
  const { sources, parts, output } = options;
  if (sources.some(({ path }) => resolve(path) === resolve(output)))
    throw inputError('output-is-input', `${output} is also a source; the original is never overwritten`);
  const [firstPart] = parts;
  const lead = firstPart && sources[firstPart.source];
  if (!lead) throw inputError('nothing-left', 'the film has no frame');
  for (const { source, from, to } of parts) {
    const frames = sources[source]?.frames ?? 0;
    if (from < 0 || from >= to || to > frames)
      throw inputError(
        'bad-frame-range',
        `frames ${from}-${to} are not a part of source ${source} of ${frames} frames`,
      );
  }
  const picture = await firstPicture(lead.path);
  const partial = `${output}.partial-${process.pid}`;
  let job: CutJob | undefined;
  const audio = await AudioCut.open(sources, parts);
  try {
    job = new CutJob(options, lead, picture, partial, audio);
    const result = await job.run();
    await rename(partial, output);
    return result;
  } finally {
    picture.free();
    await job?.close();
    await audio.cut?.close();
    await rm(partial, { force: true });
  }
}

class CutJob {
  private readonly options: SmartCutOptions;
  private readonly partial: string;
  private readonly usable: readonly SourceIndex[];
  private readonly segments: readonly Segment[];
  private readonly notes: readonly string[];
  private readonly times: FilmTimes;
  private readonly encoder: EdgeEncoder | null;
  private readonly conform: Conform;
  private readonly lead: SourceIndex;
  private readonly sets: ParameterSets;
  private readonly format: FilmFormat;
  private readonly audio: AudioCut | null;
  private readonly slices = new SliceHash();
  private writer: CutWriter | null = null;
  private reader: { source: number; packets: PacketReader } | null = null;
  private frames = 0;
  private afterIdr = false;
  private reported = 0;

  constructor(
    options: SmartCutOptions,
    lead: SourceIndex,
    picture: Frame,
    partial: string,
    audio: { readonly cut: AudioCut | null; readonly note: string | null },
  ) {
    this.audio = audio.cut;
    this.options = options;
    this.partial = partial;
    this.lead = lead;
    this.format = filmFormat(picture);
    const { usable, sets, notes } = copyable(options.sources, this.format, options.encodeAll ?? false);
    this.usable = usable;
    this.notes = audio.note === null ? notes : [...notes, audio.note];
    this.segments = planCut(usable, options.parts);
    this.times = filmTimes(usable, options.parts, this.segments);
    this.sets = sets;
    this.conform = new Conform(this.format);
    let encoder: EdgeEncoder | null = null;
    if (this.segments.some(({ kind }) => kind === 'encode'))
      this.conform.convert(picture, (like) => {
        const anyCopy = this.segments.some(({ kind }) => kind === 'copy');
        encoder = edgeEncoder(like, sets, anyCopy, lead);
      });
    this.encoder = encoder;
  }

  async run(): Promise<SmartCutResult> {
    const { signal, output } = this.options;
    for (const segment of this.segments) {
      await breathe(signal);
      if (segment.kind === 'copy') await this.copy(segment);
      else await this.encode(segment);
    }
    this.writer?.finish();
    this.writer = null;
    await this.reader?.packets.close();
    this.reader = null;
    const count = (kind: Segment['kind']): number =>
      this.segments.reduce((sum, one) => sum + (one.kind === kind ? one.to - one.from : 0), 0);
    const onFrame = (frames: number): void => this.progress(frames, true);
    const proved = { path: this.partial, name: output, sources: this.usable, segments: this.segments, signal, onFrame };
    const proof =
      this.options.proof === 'bytes' ? await proveBytes(proved, this.slices) : await proveFrames(proved, this.slices);
    const { timeBase, shown } = this.times;
    return {
      frames: this.frames,
      copiedFrames: count('copy'),
      reencodedFrames: count('encode'),
      audio: this.audio !== null,
      durationMs: Math.round(((shown.at(-1) ?? 0) * timeBase.num * 1e6) / timeBase.den) / 1000,
      segments: this.segments.map(({ kind, source, from, to }) => ({ kind, source, from, to })),
      notes: this.notes,
      encoder: this.encoder?.description ?? null,
      proof,
    };
  }

  private async copy(segment: Segment & { kind: 'copy' }): Promise<void> {
    const { index, packets } = await this.open(segment.source);
    const start = this.frames;
    for (let i = 0; i < segment.to - segment.from; i++) {
      await packets.goTo(segment.firstPacket + i);
      const { data } = packets.packet;
      if (!data) throw damaged(index.path, segment.from + i);
      const nals = nalsOf(data, index.lengthSize).filter((nal) => ![NAL.sps, NAL.pps].includes(nalType(nal) as 7));
      const shownAt = (index.presentation[segment.firstPacket + i] ?? 0) - segment.from;
      this.slices.add(nals);
      this.write(packets.stream.codecpar, nals, start + shownAt);
      this.frames++;
      if (i % 64 === 63) await breathe(this.options.signal);
      this.progress(this.frames, false);
    }
  }

  private async encode(segment: Segment & { kind: 'encode' }): Promise<void> {
    const index = this.usable[segment.source];
    if (!index) return;
    const before = this.frames;
    const take = (frame: Frame, at: number): boolean => {
      if (at >= segment.from && at < segment.to)
        this.conform.convert(frame, (picture) => {
          const coded = this.encoder?.encode(picture, this.frames === before);
          if (coded) this.write(null, splitAnnexB(coded.data), this.frames++);
          this.progress(this.frames, false);
        });
      return at + 1 < segment.to;
    };
    if (segment.gop) {
      const { packets } = await this.open(segment.source);
      await decodeGop(packets, segment.gop, take, this.options.signal);
    } else await decodeSource(index.path, (frame, _, at) => take(frame, at), this.options.signal);
    if (this.frames - before !== segment.to - segment.from)
      throw damaged(index.path, segment.from + this.frames - before);
  }

  private write(source: CodecParameters | null, nals: readonly Uint8Array[], frame: number): void {
    this.writer ??= new CutWriter(this.partial, this.parameters(source), this.times, this.audio);
    const idr = nals.some((nal) => nalType(nal) === NAL.idr);
    const [first] = nals;
    // two IDR pictures in a row could be taken for one (H.264 7.4.1.2.4): a delimiter stands between them
    const delimiter = idr && this.afterIdr && first && nalType(first) !== NAL.aud ? [Buffer.from([9, 0x10])] : [];
    this.writer.write(toAvcc([...delimiter, ...nals]), frame, idr);
    this.afterIdr = idr;
  }

  /** Of the first picture written. The parameter sets of all pictures stand in `avcC`. */
  private parameters(source: CodecParameters | null): CodecParameters {
    const parameters = new CodecParameters();
    parameters.alloc();
    const sets = this.sets;
    if (this.encoder && this.segments.every(({ kind }) => kind === 'encode')) {
      check(this.encoder.parametersTo(parameters), 'read the encoder parameters');
      parameters.extradata = this.encoder.sets.avcC();
    } else {
      const from = source ?? this.reader?.packets.stream.codecpar;
      if (from) check(from.copy(parameters), 'copy the codec parameters');
      if (this.encoder) sets.addAll(this.encoder.sets);
      parameters.extradata = sets.avcC();
    }
    if (this.lead.rotation !== '' && !parameters.getCodedSideData(AV_PKT_DATA_DISPLAYMATRIX))
      parameters.addCodedSideData(AV_PKT_DATA_DISPLAYMATRIX, Buffer.from(this.lead.rotation, 'hex'));
    return parameters;
  }

  private async open(source: number): Promise<{ index: SourceIndex; packets: PacketReader }> {
    const index = this.usable[source];
    if (!index) throw inputError('source-unknown', `there is no source ${source}`);
    if (this.reader?.source !== source) {
      await this.reader?.packets.close();
      this.reader = { source, packets: await PacketReader.open(index) };
    }
    return { index, packets: this.reader.packets };
  }

  private progress(frames: number, proving: boolean): void {
    if (Date.now() - this.reported < 200) return;
    this.reported = Date.now();
    this.options.onProgress?.({ frames, totalFrames: this.times.shown.length - 1, proving });
  }

  async close(): Promise<void> {
    this.writer?.close();
    this.encoder?.close();
    this.conform.close();
    await this.reader?.packets.close();
  }
}
