import { box, fullBox, u32, u64 } from './boxes.ts';

/** Samples that stand together in `mdat` and share a sample description. */
export interface Chunk {
  readonly sizes: readonly number[];
  /** In ticks of the track: from the decoding of each sample to that of the next. */
  readonly durations: readonly number[];
  /** Ticks from the decoding of each sample to its presentation; absent: none differs. */
  readonly compositions?: readonly number[];
  /** Which of its samples can be decoded without those before, counted from 0. */
  readonly sync: readonly number[];
  /** From 1, index into `stsd` (ISO/IEC 14496-12 section 8.7.4). */
  readonly description: number;
  /** Where it begins, counted from the first byte of the media data. */
  readonly offset: number;
}

/** Collects (count, value) pairs of equal neighbours. */
function runLengths(values: Iterable<number>): number[] {
  const runs: number[] = [];
  let count = 0;
  let current: number | undefined;
  for (const value of values) {
    if (value !== current) {
      if (current !== undefined) runs.push(count, current);
      current = value;
      count = 0;
    }
    count++;
  }
  if (current !== undefined) runs.push(count, current);
  return runs;
}

function* all(chunks: readonly Chunk[], field: 'sizes' | 'durations'): Generator<number> {
  for (const chunk of chunks) yield* chunk[field];
}

/** Sync samples, counted from 1 (section 8.6.2). */
function syncSamples(chunks: readonly Chunk[]): number[] {
  const found: number[] = [];
  let before = 1;
  for (const chunk of chunks) {
    for (const at of chunk.sync) found.push(before + at);
    before += chunk.sizes.length;
  }
  return found;
}

function sampleToChunk(chunks: readonly Chunk[]): number[] {
  const rows: number[] = [];
  let last: Chunk | undefined;
  chunks.forEach((chunk, index) => {
    if (last?.sizes.length !== chunk.sizes.length || last.description !== chunk.description) {
      rows.push(index + 1, chunk.sizes.length, chunk.description);
      last = chunk;
    }
  });
  return rows;
}

/**
 * So many ticks everything is shown later than the chunks say, for no sample to be shown before it is decoded; an edit
 * list takes them away again. Players know that; of negative offsets (`ctts` of version 1) FFmpeg's reader overlooks the
 * last two.
 */
export function reorderDelay(chunks: readonly Chunk[]): number {
  let delay = 0;
  for (const { compositions = [] } of chunks) for (const offset of compositions) delay = Math.max(delay, -offset);
  return delay;
}

/** `ctts` (section 8.6.1.3). */
function compositionOffsets(chunks: readonly Chunk[]): Buffer[] {
  if (chunks.every(({ compositions }) => compositions === undefined)) return [];
  const delay = reorderDelay(chunks);
  const runs = runLengths(chunks.flatMap(({ compositions, sizes }) => sizes.map((_, i) => (compositions?.[i] ?? 0) + delay))); // prettier-ignore
  return [fullBox('ctts', 0, 0, u32(runs.length / 2), numbers(runs))];
}

/**
 * `stbl` (ISO/IEC 14496-12 section 8.5.1) of chunks in a file whose media data begin at byte `dataOffset`.
 * Its length depends on the chunks and on `wide` (64-bit chunk offsets, `co64`), never on `dataOffset`.
 */
export function sampleTable(
  entries: readonly Uint8Array[],
  chunks: readonly Chunk[],
  dataOffset: number,
  wide: boolean,
): Buffer {
  const durations = runLengths(all(chunks, 'durations'));
  const sizes = [...all(chunks, 'sizes')];
  const rows = sampleToChunk(chunks);
  const sync = syncSamples(chunks);
  const offsets = chunks.map(({ offset }) => dataOffset + offset);
  return box(
    'stbl',
    fullBox('stsd', 0, 0, u32(entries.length), ...entries),
    fullBox('stts', 0, 0, u32(durations.length / 2), numbers(durations)),
    ...compositionOffsets(chunks),
    // without the box every sample is one (section 8.6.2)
    ...(sync.length === sizes.length ? [] : [fullBox('stss', 0, 0, u32(sync.length), numbers(sync))]),
    fullBox('stsc', 0, 0, u32(rows.length / 3), numbers(rows)),
    fullBox('stsz', 0, 0, u32(0, sizes.length), numbers(sizes)),
    wide
      ? fullBox('co64', 0, 0, u32(offsets.length), wideNumbers(offsets))
      : fullBox('stco', 0, 0, u32(offsets.length), numbers(offsets)),
  );
}

/** As `u32`, for lists too long to be arguments. */
function numbers(values: readonly number[]): Buffer {
  const out = Buffer.allocUnsafe(values.length * 4);
  for (let index = 0; index < values.length; index++) out.writeInt32BE((values[index] ?? 0) | 0, index * 4);
  return out;
}

function wideNumbers(values: readonly number[]): Buffer {
  return values.length === 0 ? Buffer.alloc(0) : Buffer.concat(values.map((value) => u64(value)));
}
