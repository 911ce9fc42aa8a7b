import type { Gop } from './source-index.ts';

/** What planning needs of a source. */
export interface CutSource {
  readonly gops: readonly Gop[];
  readonly presentation: readonly number[];
}

/** Frames [from, to) of source number `source`, in the order of the film. */
export interface CutPart {
  readonly source: number;
  readonly from: number;
  readonly to: number;
}

export type Segment = CutPart &
  (
    | { readonly kind: 'copy'; readonly firstPacket: number }
    /** Decoding starts at `gop`, or at the beginning of the file where there is none. */
    | { readonly kind: 'encode'; readonly gop: Gop | null }
  );

/**
 * Which packets are copied and which frames are encoded anew. A GOP is copied from its IDR picture on as far as its
 * first packets are exactly its first frames (always, without B-frames); what remains of an edge GOP is encoded.
 */
export function planCut(sources: readonly CutSource[], parts: readonly CutPart[]): Segment[] {
  const segments: Segment[] = [];
  const push = (segment: Segment): void => {
    const last = segments.at(-1);
    const follows =
      last?.kind === 'copy' &&
      segment.kind === 'copy' &&
      last.source === segment.source &&
      last.to === segment.from &&
      last.firstPacket + last.to - last.from === segment.firstPacket;
    if (follows) segments[segments.length - 1] = { ...last, to: segment.to };
    else segments.push(segment);
  };
  for (const part of parts) {
    const source = sources[part.source];
    if (!source || source.gops.length === 0) {
      push({ ...part, kind: 'encode', gop: null });
      continue;
    }
    for (const gop of source.gops) {
      const from = Math.max(part.from, gop.firstFrame);
      const to = Math.min(part.to, gop.firstFrame + gop.frames);
      if (from >= to) continue;
      const copied = from === gop.firstFrame ? cleanPrefix(source.presentation, gop, to - from) : 0;
      if (copied > 0)
        push({ source: part.source, from, to: from + copied, kind: 'copy', firstPacket: gop.firstPacket });
      if (from + copied < to) push({ source: part.source, from: from + copied, to, kind: 'encode', gop });
    }
  }
  return segments;
}

/** The most packets, at most `frames`, that show exactly as many first frames of the GOP. */
function cleanPrefix(presentation: readonly number[], gop: Gop, frames: number): number {
  let latest = -1;
  let clean = 0;
  for (let count = 1; count <= frames; count++) {
    latest = Math.max(latest, (presentation[gop.firstPacket + count - 1] ?? Infinity) - gop.firstFrame);
    if (latest === count - 1) clean = count;
  }
  return clean;
}
