import { closeSync, openSync, writeSync } from 'node:fs';
import type { Frame } from 'node-av/lib';
import { NAL, toAvcc } from '../../h264/nal.ts';
import { H264 } from '../../video-nal.ts';
import { damaged } from '../damage.ts';
import type { QualityReport, Thresholds } from '../quality/comparison.ts';
import { edgeEncoder, type EdgeEncoder } from './edge-encoder.ts';
import { EdgeQuality } from './edge-quality.ts';
import { Conform, firstPicture, pixelFormat, type FilmFormat } from './film.ts';
import type { OpenSource } from './open-source.ts';
import type { ParameterSets } from './parameter-sets.ts';
import type { Segment } from './plan.ts';
import { decodeSource, type SourceIndex } from './source-index.ts';
import { notWritable } from './write-film.ts';

/** The re-encoded pictures of a film, one after the other in a file of their own. */
export interface Edges {
  readonly path: string;
  /** Bytes of each picture, in the order of the film. */
  readonly sizes: readonly number[];
  /** Null where nothing was encoded. */
  readonly encoder: EdgeEncoder | null;
  readonly quality: QualityReport | null;
}

export interface EdgeWork {
  readonly indices: readonly SourceIndex[];
  /** Null: of that source nothing is copied, and it is decoded from its start. */
  readonly open: readonly (OpenSource | null)[];
  readonly segments: readonly Segment[];
  readonly format: FilmFormat;
  /** Of everything that can be copied; null where nothing can. */
  readonly sets: ParameterSets | null;
  /** Below these the report says so; absent: nothing is measured. */
  readonly quality?: Thresholds;
  readonly signal: AbortSignal | undefined;
  readonly onFrame: (frames: number) => void;
}

/** Encodes every frame that is not copied. The caller closes the encoder and removes the file. */
export async function encodeEdges(path: string, work: EdgeWork): Promise<Edges> {
  if (work.segments.every(({ kind }) => kind === 'copy')) return { path, sizes: [], encoder: null, quality: null };
  const file = openScratch(path);
  const job = new EdgeJob(work, file);
  try {
    await job.run();
    const { sizes, encoder } = job;
    return { path, sizes, encoder, quality: job.quality?.report() ?? null };
  } catch (error) {
    job.encoder?.close();
    throw error;
  } finally {
    job.close();
    closeSync(file);
  }
}

class EdgeJob {
  readonly sizes: number[] = [];
  encoder: EdgeEncoder | null = null;
  quality: EdgeQuality | null = null;
  private conform: Conform | null = null;
  private readonly work: EdgeWork;
  private readonly file: number;

  constructor(work: EdgeWork, file: number) {
    this.work = work;
    this.file = file;
  }

  async run(): Promise<void> {
    const { segments, indices, open } = this.work;
    const lead = segments[0]?.source ?? 0;
    const index = indices[lead];
    if (index && segments.find(({ kind }) => kind === 'encode')?.source !== lead) {
      const picture = await firstPicture(index, open[lead] ?? null);
      this.begin(picture);
      picture.free();
    }
    let before = 0;
    for (const [i, segment] of segments.entries()) {
      if (segment.kind === 'encode') await this.encode(segment, before, segments[i - 1]);
      before += segment.to - segment.from;
    }
  }

  /** @param picture of the first source: all are encoded in its pixel format */
  private begin(picture: Frame): void {
    const { format, sets, segments, indices, quality } = this.work;
    const lead = indices[segments[0]?.source ?? 0];
    if (!lead) return;
    this.conform = new Conform({ ...format, pixels: pixelFormat(picture) });
    const beside = segments.some(({ kind }) => kind === 'copy');
    this.conform.convert(picture, (like) => {
      this.encoder = edgeEncoder(like, sets, { frameRate: lead.frameRate, interlaced: lead.interlaced, beside });
      if (quality) this.quality = new EdgeQuality(this.encoder, quality);
    });
  }

  /** @param filmFrame place of the first frame in the film */
  private async encode(segment: Segment, filmFrame: number, previous: Segment | undefined): Promise<void> {
    const { source, from, to } = segment;
    const { indices, open: sources, signal } = this.work;
    const index = indices[source];
    if (!index) return;
    const already = this.sizes.length;
    const take = (frame: Frame, at: number): boolean => {
      if (at < from || at >= to) return at + 1 < to;
      if (!this.conform) this.begin(frame);
      this.conform?.convert(frame, (picture) => {
        const place = filmFrame + this.sizes.length - already;
        this.keep(picture, place, place === filmFrame, previous);
      });
      return at + 1 < to;
    };
    const opened = sources[source];
    if (opened) await opened.decode(from, to, take, signal);
    else await decodeSource(index.path, (frame, _, at) => take(frame, at), signal);
    this.quality?.endSegment();
    const made = this.sizes.length - already;
    if (made !== to - from) throw damaged(index.path, from + made);
  }

  private keep(picture: Frame, place: number, idr: boolean, previous: Segment | undefined): void {
    const { encoder } = this;
    if (!encoder) return;
    const nals = encoder.encode(picture, idr);
    this.quality?.add(picture, nals, place);
    // two IDR pictures in a row could be taken for one (H.264 7.4.1.2.4): a delimiter stands between them
    const single = previous !== undefined && previous.to - previous.from === 1;
    const delimiter = idr && single && encoder.sets.codec === H264 ? [Buffer.from([NAL.aud, 0x10])] : [];
    const [first] = nals;
    const sample = toAvcc(first && encoder.sets.codec.isDelimiter(first) ? nals : [...delimiter, ...nals]);
    this.sizes.push(sample.length);
    writeSync(this.file, sample);
    this.work.onFrame(this.sizes.length);
  }

  /** All but the encoder, which says later what it was. */
  close(): void {
    this.conform?.close();
    this.quality?.close();
  }
}

function openScratch(path: string): number {
  try {
    return openSync(path, 'w');
  } catch (error) {
    throw notWritable(path, error);
  }
}
