import type { Entry, OpenSource } from './open-source.ts';

/** Frames [from, to) of source number `source`, in the order of the film. */
export interface CutPart {
  readonly source: number;
  readonly from: number;
  readonly to: number;
}

export type CopySegment = CutPart & { readonly kind: 'copy'; readonly entry: Entry };
export type Segment = CopySegment | (CutPart & { readonly kind: 'encode' });

/**
 * Which packets are copied and which frames are encoded anew. A copy begins at the first picture of a part that can be
 * decoded by itself, without the leading pictures behind it, and goes on as far as its packets are exactly its frames
 * (to the very end, without B-frames); what remains at the edges is encoded.
 * @param sources null: nothing of it is copied
 */
export async function planCut(sources: readonly (OpenSource | null)[], parts: readonly CutPart[]): Promise<Segment[]> {
  const segments: Segment[] = [];
  for (const part of parts) {
    const source = sources[part.source];
    if (source) segments.push(...(await planPart(source, part)));
    else segments.push({ ...part, kind: 'encode' });
  }
  return segments;
}

/** Its first picture is a CRA picture with others of the film before it. */
export const isJoint = ({ entry }: CopySegment, previous: Segment | undefined): boolean =>
  entry.kind === 'cra' && previous !== undefined;

async function planPart(open: OpenSource, part: CutPart): Promise<Segment[]> {
  const { source, from, to } = part;
  const entry = await open.entryFrom(from, to);
  const copied = entry ? cleanPrefix(open.index.presentation, entry, to - entry.frame) : 0;
  if (!entry || copied < leastOf(entry)) return [{ ...part, kind: 'encode' }];
  const segments: Segment[] = [];
  if (from < entry.frame) segments.push({ source, from, to: entry.frame, kind: 'encode' });
  const end = entry.frame + copied;
  segments.push({ source, from: entry.frame, to: end, kind: 'copy', entry });
  if (end < to) segments.push({ source, from: end, to, kind: 'encode' });
  return segments;
}

/**
 * Behind a single CRA picture FFmpeg 8 mistakes our next IDR picture for one that the CRA picture would have needed
 * ("Duplicate POC"): two are copied at least.
 */
const leastOf = ({ kind }: Entry): number => (kind === 'cra' ? 2 : 1);

/** The most packets from an entry on, its leading ones left out and at most `frames`, that show exactly as many frames. */
function cleanPrefix(presentation: ArrayLike<number>, { packet, frame, leading }: Entry, frames: number): number {
  let latest = -1;
  let clean = 0;
  for (let count = 1; count <= frames; count++) {
    const at = count === 1 ? packet : packet + leading + count - 1;
    latest = Math.max(latest, (presentation[at] ?? Infinity) - frame);
    if (latest === count - 1) clean = count;
  }
  return clean;
}
