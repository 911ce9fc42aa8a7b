import { movieHeader } from './movie-header.ts';
import type { Track } from './read-movie.ts';

/** The pictures that one frame of a film needs, as a film of its own. */
export interface FrameGop {
  /** `ftyp`, `moov` and the header of `mdat`. */
  readonly header: Buffer;
  /** Bytes of the source that stand behind it, in this order. */
  readonly ranges: readonly { readonly offset: number; readonly length: number }[];
  /** Length of the whole file. */
  readonly bytes: number;
  /** Place of the frame in it, counted from 0 in presentation order. */
  readonly frame: number;
  readonly frames: number;
  /** Of the frame, from the first one of the source, ms. */
  readonly atMs: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Cuts out what decoding one frame takes: from the last keyframe that is shown at or before it to the last picture that
 * it needs. Nothing is decoded; in the result all frames last equally long.
 * @param wanted counted from 0 in presentation order
 * @throws RangeError where there is no such frame, or no keyframe before it
 */
export function gopOfFrame(
  { samples, timescale, entries, matrix, displayWidth, displayHeight }: Track,
  wanted: number,
): FrameGop {
  const { count, offsets, sizes } = samples;
  const shown = Float64Array.from(samples.decoding, (at, i) => at + (samples.compositions[i] ?? 0));
  const order = Uint32Array.from(shown, (_, i) => i).sort((a, b) => (shown[a] ?? 0) - (shown[b] ?? 0));
  if (wanted >= count) throw new RangeError(`there are the frames 0 to ${count - 1}, not ${wanted}`);
  const rank = new Uint32Array(count);
  order.forEach((packet, frame) => (rank[packet] = frame));
  let first = -1;
  let last = order[wanted] ?? 0;
  for (let i = 0; i <= last; i++) if (samples.sync[i] && (rank[i] ?? 0) <= wanted) first = i;
  if (first < 0) throw new RangeError(`no keyframe stands before frame ${wanted}`);
  const start = rank[first] ?? 0;
  for (let frame = start; frame <= wanted; frame++) last = Math.max(last, order[frame] ?? 0);
  // pictures that are shown before the keyframe belong to the GOP before
  const packets = Array.from({ length: last - first + 1 }, (_, i) => first + i).filter((i) => (rank[i] ?? 0) >= start);
  const places = packets.toSorted((a, b) => (rank[a] ?? 0) - (rank[b] ?? 0));
  const step = Math.max(1, samples.durations[first] ?? 1);
  const compositions = packets.map((packet, i) => (places.indexOf(packet) - i) * step);
  const data = packets.reduce((sum, i) => sum + (sizes[i] ?? 0), 0);
  const description = samples.descriptions[first] ?? 1;
  const entry = entries[description - 1];
  if (!entry) throw new RangeError(`there is no sample description ${description}`);
  const chunk = { sizes: packets.map((i) => sizes[i] ?? 0), durations: packets.map(() => step), sync: [0], description: 1, offset: 0 }; // prettier-ignore
  const reordered = compositions.some((offset) => offset !== 0) ? { compositions } : {};
  const track = { kind: 'video' as const, timescale, entries: [entry], chunks: [{ ...chunk, ...reordered }], matrix, displayWidth, displayHeight }; // prettier-ignore
  const header = movieHeader([track], data, ['isom', 'iso4', entry.toString('latin1', 4, 8), 'mp41']);
  return {
    header,
    ranges: together(packets.map((i) => ({ offset: offsets[i] ?? 0, length: sizes[i] ?? 0 }))),
    bytes: header.length + data,
    frame: wanted - start,
    frames: packets.length,
    atMs: (((shown[order[wanted] ?? 0] ?? 0) - (shown[order[0] ?? 0] ?? 0)) * 1000) / timescale,
    width: entry.readUInt16BE(32),
    height: entry.readUInt16BE(34),
  };
}

/** Neighbours are one range. */
function together(all: readonly { offset: number; length: number }[]): { offset: number; length: number }[] {
  const ranges: { offset: number; length: number }[] = [];
  for (const { offset, length } of all) {
    const last = ranges.at(-1);
    if (last && last.offset + last.length === offset) last.length += length;
    else ranges.push({ offset, length });
  }
  return ranges;
}
