import { TIMESCALE } from '@smartbox/contracts';
import type { SourcePlan } from '../source-plan.ts';
import { readInitSegment, type VideoFormat } from './init-segment.ts';
import { movieHeader } from './movie-header.ts';
import type { Chunk } from './sample-table.ts';

/** A whole MP4 file but for its samples: what stands before them, and how long it will be. */
export interface MovieLayout {
  /** `ftyp`, `moov` and the header of `mdat`. */
  header: Buffer;
  /** Length of the file. */
  bytes: number;
  /** Different sample descriptions (formats) in it. */
  formats: number;
}

/** The first frames of a clip that begins within a GOP, encoded anew. */
export interface EncodedHead {
  sizes: readonly number[];
  /** The sample entry (`avc1`) that holds for them and for what follows of their epoch; absent: that of the epoch. */
  sampleEntry?: Uint8Array;
}

/**
 * Lays out the faststart MP4 of a plan (ISO/IEC 14496-12): no edit list, one chunk per fragment, before them one of the
 * encoded head. `inits` holds the init segment of every epoch in the plan; equal formats share one sample description.
 * @throws RangeError on a missing or unreadable init segment.
 */
export function layoutMovie(plan: SourcePlan, inits: ReadonlyMap<string, Uint8Array>, head?: EncodedHead): MovieLayout {
  const formats: VideoFormat[] = [];
  const descriptions = new Map<string, number>();
  const headEpoch = plan.head?.fragments[0]?.entry.headers.epoch;
  for (const { entry } of [...(plan.head?.fragments ?? []), ...plan.fragments]) {
    const { epoch } = entry.headers;
    if (descriptions.has(epoch)) continue;
    const init = inits.get(epoch);
    if (!init) throw new RangeError(`no init segment of epoch ${epoch}`);
    const own = readInitSegment(init);
    const replaced = epoch === headEpoch ? head?.sampleEntry : undefined;
    const format = replaced ? { ...own, sampleEntry: Buffer.from(replaced) } : own;
    const known = formats.findIndex(({ sampleEntry }) => sampleEntry.equals(format.sampleEntry));
    descriptions.set(epoch, known >= 0 ? known + 1 : formats.push(format));
  }
  const [first] = formats;
  if (!first) throw new RangeError('a plan without fragments');
  let data = 0;
  const place = (bytes: number): number => (data += bytes) - bytes;
  const chunks: Chunk[] = [];
  if (plan.head && head) {
    const { fragments, lead } = plan.head;
    const durations = fragments.flatMap((fragment) => fragment.durations).slice(lead);
    const offset = place(head.sizes.reduce((sum, size) => sum + size, 0));
    chunks.push({ sizes: head.sizes, durations, sync: [0], description: 1, offset });
  }
  for (const { entry, sizes, durations, bytes } of plan.fragments) {
    const description = descriptions.get(entry.headers.epoch) ?? 1;
    chunks.push({ sizes, durations, sync: entry.headers.keyframe ? [0] : [], description, offset: place(bytes) });
  }
  const { displayWidth, displayHeight } = first;
  const entries = formats.map(({ sampleEntry }) => sampleEntry);
  const track = { kind: 'video' as const, timescale: TIMESCALE, entries, chunks, displayWidth, displayHeight };
  const header = movieHeader([track], data, ['isom', 'iso2', 'avc1', 'mp41']);
  return { header, bytes: header.length + data, formats: formats.length };
}
