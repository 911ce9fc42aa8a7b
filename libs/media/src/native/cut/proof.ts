import { createHash } from 'node:crypto';
import { SmartBoxError } from '@smartbox/kernel';
import type { Frame } from 'node-av/lib';
import { NAL, nalType } from '../../h264/nal.ts';
import { decodeGop, PacketReader } from './packet-reader.ts';
import type { Segment } from './plan.ts';
import { breathe, decodeSource, indexSource, nalsOf, type SourceIndex } from './source-index.ts';

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
  /** SHA-256 over the coded slices of everything copied: the same in the source and, read back, in the cut. */
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
  readonly sources: readonly SourceIndex[];
  readonly segments: readonly Segment[];
  readonly signal: AbortSignal | undefined;
  readonly onFrame: (frames: number) => void;
}

/** Hash over the slices (NAL units 1 to 5) of pictures. */
export class SliceHash {
  private readonly hash = createHash('sha256');

  add(nals: readonly Uint8Array[]): void {
    for (const nal of nals) if (nalType(nal) <= NAL.idr) this.hash.update(nal);
  }

  digest(): string {
    return this.hash.copy().digest('hex');
  }
}

/** SHA-256 of a picture's visible samples, plane after plane, in any pixel format. */
export function pictureHash(frame: Frame): string {
  return createHash('sha256').update(frame.toBuffer()).digest('hex');
}

/** Reads the cut back: as many frames as wanted, and the copied slices byte for byte. */
export async function proveBytes(proved: Proved, copied: SliceHash): Promise<CutProof> {
  const { path, segments, signal } = proved;
  const cut = await indexSource(path, signal);
  const wanted = segments.reduce((sum, { from, to }) => sum + to - from, 0);
  if (cut.frames !== wanted) throw failed(proved.name, `it has ${cut.frames} frames instead of ${wanted}`);
  const reader = await PacketReader.open(cut);
  const read = new SliceHash();
  try {
    let at = 0;
    for (const { kind, from, to } of segments) {
      for (let i = from; i < to; i++, at++) {
        if (kind === 'encode') continue;
        await reader.goTo(at);
        read.add(nalsOf(reader.packet.data ?? Buffer.alloc(0), cut.lengthSize));
        if (at % 64 === 0) await breathe(signal);
      }
    }
  } finally {
    await reader.close();
  }
  if (read.digest() !== copied.digest()) throw failed(proved.name, 'copied bytes differ from the source');
  return {
    kind: 'bytes',
    copiedBytesSha256: copied.digest(),
    frames: cut.frames,
    identicalFrames: null,
    manifest: [],
  };
}

/** Decodes source and cut and compares every copied frame. */
export async function proveFrames(proved: Proved, copied: SliceHash): Promise<CutProof> {
  const bytes = await proveBytes(proved, copied);
  const { path, segments, signal } = proved;
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
  const manifest: ProvedFrame[] = [];
  for (const segment of segments)
    await hashSource(proved, segment, (frame, sourceHash) =>
      manifest.push({
        source: segment.source,
        frame,
        kind: segment.kind,
        sourceHash,
        hash: hashes[manifest.length] ?? '',
      }),
    );
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
  { sources, signal }: Proved,
  segment: Segment,
  take: (frame: number, hash: string) => void,
): Promise<void> {
  const index = sources[segment.source];
  if (!index) return;
  const hand = (frame: Frame, at: number): boolean => {
    if (at >= segment.from && at < segment.to) take(at, pictureHash(frame));
    return at + 1 < segment.to;
  };
  const inside = index.gops.filter(
    ({ firstFrame, frames }) => firstFrame < segment.to && firstFrame + frames > segment.from,
  );
  if (inside.length === 0) return decodeSource(index.path, (frame, _, at) => hand(frame, at), signal);
  const reader = await PacketReader.open(index);
  try {
    for (const gop of inside) await decodeGop(reader, gop, hand, signal);
  } finally {
    await reader.close();
  }
}

function failed(name: string, why: string): SmartBoxError {
  return new SmartBoxError({
    code: 'proof-failed',
    message: `the cut ${name} was thrown away: ${why}`,
    fault: 'ours',
  });
}
