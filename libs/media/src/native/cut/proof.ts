import { createHash } from 'node:crypto';
import { SmartBoxError } from '@smartbox/kernel';
import { readMovie, type SampleList } from '@smartbox/recording/mp4';
import type { Frame } from 'node-av/lib';
import { openBytes, type ByteSource } from '../../bytes/byte-source.ts';
import type { FilmLayout } from './film-layout.ts';
import { samplesOf } from './coded-video.ts';
import type { OpenSource } from './open-source.ts';
import { pictureHash } from './picture-hash.ts';
import { isJoint, type Segment } from './plan.ts';
import { breathe, decodeSource, type SourceIndex } from './source-index.ts';

/** One frame of the cut and the frame of the source it shows. */
export interface ProvedFrame {
  readonly source: number;
  readonly frame: number;
  readonly kind: 'copy' | 'encode';
  /** SHA-256 of the decoded samples in the source and in the cut; equal for every copied frame. */
  readonly sourceHash: string;
  readonly hash: string;
}

export interface CutProof {
  readonly kind: 'frames' | 'bytes';
  /**
   * SHA-256 over the packets of everything copied: the same of what was read of the sources and, read back, in the cut.
   * Of a CRA picture at a joint, as the BLA picture that it is there.
   */
  readonly copiedBytesSha256: string;
  /** Frames of the cut counted after reading it back. */
  readonly frames: number;
  /** Copied frames whose decoded samples are identical; null when only bytes were compared. */
  readonly identicalFrames: number | null;
  /** One entry per frame of the cut; empty when only bytes were compared. */
  readonly manifest: readonly ProvedFrame[];
}

interface Proved {
  readonly path: string;
  readonly name: string;
  readonly indices: readonly SourceIndex[];
  readonly open: readonly (OpenSource | null)[];
  readonly segments: readonly Segment[];
  readonly layout: FilmLayout;
  readonly signal: AbortSignal | undefined;
  readonly onFrame: (frames: number) => void;
}

/**
 * Reads the finished file by its own tables, as a player does: as many frames as wanted, and every copied packet byte
 * for byte; beside the source where that is near, else by the hash of what was read of it.
 * @param copied SHA-256 over the packets of the sources
 */
export async function proveBytes(proved: Proved, copied: string): Promise<CutProof> {
  const { path, segments, layout, open, signal, name } = proved;
  const wanted = segments.reduce((sum, { from, to }) => sum + to - from, 0);
  const film = await openBytes(path);
  const near = open.every((source) => source?.video.isNear ?? true);
  const hash = createHash('sha256');
  try {
    const movie = film && (await readMovie(film));
    const samples = movie?.tracks.find(({ handler }) => handler === 'vide')?.samples;
    if (!film || !samples) throw failed(name, 'its tables cannot be read back');
    if (samples.count !== wanted) throw failed(name, `it has ${samples.count} frames instead of ${wanted}`);
    let first = 0;
    for (const [i, segment] of segments.entries()) {
      const count = segment.to - segment.from;
      const written = bytesOf(film, samples, layout, first, count);
      if (segment.kind === 'copy' && near) {
        const { packet, leading } = segment.entry;
        const { video } = open[segment.source] ?? {};
        const run = { first: packet, skip: leading, count };
        const read = video && samplesOf(video, run, isJoint(segment, segments[i - 1]));
        if (!read || !(await isSame(read, written))) throw failed(name, 'copied bytes differ from the source');
      } else if (segment.kind === 'copy') for await (const piece of written) hash.update(piece);
      first += count;
      await breathe(signal);
    }
  } finally {
    await film?.close();
  }
  if (!near && hash.digest('hex') !== copied) throw failed(name, 'copied bytes differ from the source');
  return { kind: 'bytes', copiedBytesSha256: copied, frames: wanted, identicalFrames: null, manifest: [] };
}

/** The packets of a stretch of the film, without the marks around them. */
async function* bytesOf(
  film: ByteSource,
  { offsets, sizes }: SampleList,
  { marks }: FilmLayout,
  first: number,
  count: number,
): AsyncGenerator<Buffer> {
  let start = -1;
  let end = -1;
  for (let sample = first; sample < first + count; sample++) {
    const offset = (offsets[sample] ?? 0) + (marks.get(sample) ?? 0);
    if (offset !== end) {
      if (start >= 0) yield* film.stream(start, end - start);
      start = offset;
    }
    end = (offsets[sample] ?? 0) + (sizes[sample] ?? 0);
  }
  if (start >= 0) yield* film.stream(start, end - start);
}

/** Whether two streams give the same bytes, whatever their pieces. */
async function isSame(a: AsyncGenerator<Buffer>, b: AsyncGenerator<Buffer>): Promise<boolean> {
  let [left, right]: [Buffer, Buffer] = [Buffer.alloc(0), Buffer.alloc(0)];
  for (;;) {
    if (left.length === 0) left = await next(a);
    if (right.length === 0) right = await next(b);
    const length = Math.min(left.length, right.length);
    if (length === 0) return left.length === right.length;
    if (!left.subarray(0, length).equals(right.subarray(0, length))) return false;
    [left, right] = [left.subarray(length), right.subarray(length)];
  }
}

/** Empty at the end. */
async function next(pieces: AsyncGenerator<Buffer>): Promise<Buffer> {
  const piece = await pieces.next();
  return piece.done ? Buffer.alloc(0) : piece.value;
}

/** Decodes source and cut and compares every copied frame. */
export async function proveFrames(proved: Proved, copied: string): Promise<CutProof> {
  const bytes = await proveBytes(proved, copied);
  const { path, segments, signal } = proved;
  const sources: Omit<ProvedFrame, 'hash'>[] = [];
  for (const segment of segments) {
    const { source, kind } = segment;
    await hashSource(proved, segment, (frame, sourceHash) => sources.push({ source, frame, kind, sourceHash }));
  }
  const hashes: string[] = [];
  await decodeSource(
    path,
    (frame) => {
      hashes.push(pictureHash(frame));
      proved.onFrame(hashes.length);
    },
    signal,
  );
  if (hashes.length !== bytes.frames)
    throw failed(proved.name, `${hashes.length} of its ${bytes.frames} frames can be decoded`);
  const manifest = sources.map((one, i) => ({ ...one, hash: hashes[i] ?? '' }));
  const different = manifest.find(({ kind, sourceHash, hash }) => kind === 'copy' && sourceHash !== hash);
  if (different || manifest.length !== hashes.length)
    throw failed(proved.name, `frame ${different?.frame ?? manifest.length} of the source is not the same in the cut`);
  return {
    ...bytes,
    kind: 'frames',
    identicalFrames: manifest.filter(({ kind }) => kind === 'copy').length,
    manifest,
  };
}

async function hashSource(
  { indices, open, signal }: Proved,
  { source, from, to }: Segment,
  take: (frame: number, hash: string) => void,
): Promise<void> {
  const index = indices[source];
  if (!index) return;
  const hand = (frame: Frame, at: number): boolean => {
    if (at >= from && at < to) take(at, pictureHash(frame));
    return at + 1 < to;
  };
  const opened = open[source];
  if (opened) return opened.decode(from, to, hand, signal);
  return decodeSource(index.path, (frame, _, at) => hand(frame, at), signal);
}

function failed(name: string, why: string): SmartBoxError {
  return new SmartBoxError({
    code: 'proof-failed',
    message: `the cut ${name} was thrown away: ${why}`,
    fault: 'ours',
  });
}
