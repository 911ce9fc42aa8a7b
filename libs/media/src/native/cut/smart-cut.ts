import { rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { inputError, SmartBoxError } from '@smartbox/kernel';
import { shown } from '../av.ts';
import type { QualityReport, Thresholds } from '../quality/comparison.ts';
import { encodeEdges, type Edges } from './edges.ts';
import { copyable, filmFormat, filmTimes } from './film.ts';
import { layoutFilm } from './film-layout.ts';
import { OpenSource } from './open-source.ts';
import { planCut, type CutPart, type Segment } from './plan.ts';
import { proveBytes, proveFrames, type CutProof } from './proof.ts';
import { filmEntry } from './sample-entry.ts';
import { cutSound } from './sound.ts';
import type { SourceIndex } from './source-index.ts';
import { writeFilm } from './write-film.ts';

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
  /** Measures how near the re-encoded frames are to their source. */
  readonly quality?: Thresholds;
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
  /** Of the re-encoded frames, numbered as in the film; null where there are none, or it was not asked for. */
  readonly quality: QualityReport | null;
  /** From the first frame of its source to the first frame of the film. */
  readonly startMs: number;
  readonly proof: CutProof;
}

/**
 * Cuts and joins exactly to the frame. What can be copied is copied byte for byte; only the edges are encoded anew, with
 * pictures that may stand between the copied ones. Constant memory but for the list of frames.
 * @throws SmartBoxError `media-error`, `damaged`, `cannot-join`, `nothing-left`, `output-is-input`, `cancelled`,
 * `proof-failed`. Nothing is left behind then.
 */
export async function smartCut(options: SmartCutOptions): Promise<SmartCutResult> {
  checkParts(options);
  const refused = new Map<number, string>();
  for (;;) {
    try {
      return await cutOnce(options, refused);
    } catch (error) {
      // known only when the packets went by: that source is not copied then, and the reason is told
      const source = error instanceof SmartBoxError && error.code === 'parameter-sets-change' ? error.details['source'] : undefined; // prettier-ignore
      if (typeof source !== 'number' || !(error instanceof SmartBoxError) || refused.has(source)) throw error;
      refused.set(source, error.message);
    }
  }
}

function checkParts({ sources, parts, output }: SmartCutOptions): void {
  if (sources.some(({ path }) => resolve(path) === resolve(output)))
    throw inputError('output-is-input', `${output} is also a source; the original is never overwritten`);
  const [first] = parts;
  if (!first || !sources[first.source]) throw inputError('nothing-left', 'the film has no frame');
  for (const { source, from, to } of parts) {
    const frames = sources[source]?.frames ?? 0;
    if (from < 0 || from >= to || to > frames)
      throw inputError(
        'bad-frame-range',
        `frames ${from}-${to} are not a part of source ${source} of ${frames} frames`,
      );
  }
}

async function cutOnce(options: SmartCutOptions, refused: ReadonlyMap<number, string>): Promise<SmartCutResult> {
  const { sources, parts, output, signal } = options;
  const scratch = (what: string): string => `${output}.${what}-${process.pid}`;
  const files = { film: scratch('partial'), edges: scratch('edges'), entry: scratch('entry'), sound: scratch('sound') };
  const open: (OpenSource | null)[] = [];
  let edges: Edges | null = null;
  try {
    const lead = sources[parts[0]?.source ?? 0];
    if (!lead) throw inputError('nothing-left', 'the film has no frame');
    const format = filmFormat(lead);
    const { usable, sets, notes } = copyable(sources, format, options.encodeAll ?? false, refused);
    for (const [i, index] of sources.entries()) open.push(usable[i] ? await OpenSource.open(index, signal) : null);
    const segments = await planCut(open, parts);
    const times = filmTimes(sources, parts);
    const progress = new Progress(options, times.shown.length - 1);
    const copied = segments.some(({ kind }) => kind === 'copy');
    edges = await encodeEdges(files.edges, {
      ...{ indices: sources, open, segments, format, sets, signal },
      ...(options.quality ? { quality: options.quality } : {}),
      onFrame: (frames) => progress.encoded(frames),
    });
    const { sound, note } = await cutSound(files.sound, sources, parts, signal);
    const entry = await filmEntry(files.entry, { lead, open, sets: copied ? sets : null, edges });
    const layout = layoutFilm({
      segments,
      open,
      times,
      edgeSizes: edges.sizes,
      sound,
      rotation: lead.rotation,
      ...entry,
    });
    const hash = await writeFilm(files.film, layout, open, { edges: files.edges, sound: sound?.path ?? null }, signal, (bytes) => progress.written(bytes, layout)); // prettier-ignore
    const proved = {
      ...{ path: files.film, name: output, indices: sources, open, segments, layout, signal },
      onFrame: (frames: number) => progress.proved(frames),
    };
    const proof = options.proof === 'bytes' ? await proveBytes(proved, hash) : await proveFrames(proved, hash);
    await rename(files.film, output);
    return {
      ...describe(segments, times),
      audio: sound !== null,
      notes: [...notes, ...openNotes(open), ...(note === null ? [] : [note])],
      encoder: edges.encoder?.description ?? null,
      quality: edges.quality,
      startMs: startOf(lead, parts),
      proof,
    };
  } finally {
    edges?.encoder?.close();
    for (const source of open) await source?.close();
    for (const file of Object.values(files)) await rm(file, { force: true });
  }
}

function describe(segments: readonly Segment[], { timeBase, shown: shownAt }: ReturnType<typeof filmTimes>) {
  const count = (kind: Segment['kind']): number =>
    segments.reduce((sum, one) => sum + (one.kind === kind ? one.to - one.from : 0), 0);
  const ticks = shownAt.at(-1) ?? 0;
  return {
    frames: shownAt.length - 1,
    copiedFrames: count('copy'),
    reencodedFrames: count('encode'),
    durationMs: Math.round((ticks * timeBase.num * 1e6) / timeBase.den) / 1000,
    segments: segments.map(({ kind, source, from, to }) => ({ kind, source, from, to })),
  };
}

const openNotes = (open: readonly (OpenSource | null)[]): string[] =>
  open
    .filter((source) => source !== null && source.passedOver > 0)
    .map((source) => `${shown(source?.index.path ?? '')}: GOPs are open at ${source?.passedOver} keyframes near the edges; copies begin only at IDR pictures`); // prettier-ignore

function startOf({ times, timeBase }: SourceIndex, parts: readonly CutPart[]): number {
  return (((times[parts[0]?.from ?? 0] ?? 0) - (times[0] ?? 0)) * 1000 * timeBase.num) / timeBase.den;
}

/** Whole frames, at most five times a second: first those that are encoded, then the film as it is written and proved. */
class Progress {
  private readonly options: SmartCutOptions;
  private readonly totalFrames: number;
  private told = 0;

  constructor(options: SmartCutOptions, totalFrames: number) {
    this.options = options;
    this.totalFrames = totalFrames;
  }

  encoded(frames: number): void {
    this.tell(frames, false);
  }

  written(bytes: number, { header, pieces }: ReturnType<typeof layoutFilm>): void {
    const all = pieces.reduce((sum, piece) => sum + piece.bytes, header.length);
    this.tell(Math.floor((this.totalFrames * bytes) / all), false);
  }

  proved(frames: number): void {
    this.tell(frames, true);
  }

  private tell(frames: number, proving: boolean): void {
    if (Date.now() - this.told < 200) return;
    this.told = Date.now();
    this.options.onProgress?.({ frames, totalFrames: this.totalFrames, proving });
  }
}
