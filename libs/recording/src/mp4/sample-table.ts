import { box, fullBox, u32, u64 } from './boxes.ts';

/** One chunk: samples that stand together in `mdat` and share a sample description. */
export interface Chunk {
  sizes: readonly number[];
  durations: readonly number[];
  bytes: number;
  /** From 1, index into `stsd` (ISO/IEC 14496-12 section 8.7.4). */
  description: number;
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

/** Sync samples: the first of every keyframe chunk (section 8.6.2). */
function syncSamples(chunks: readonly (Chunk & { keyframe: boolean })[]): number[] {
  const numbers: number[] = [];
  let number = 1;
  for (const chunk of chunks) {
    if (chunk.keyframe) numbers.push(number);
    number += chunk.sizes.length;
  }
  return numbers;
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
 * `stbl` (ISO/IEC 14496-12 section 8.5.1) of chunks that follow each other from byte `dataOffset` of the file on.
 * Its length depends on the chunks and on `wide` (64-bit chunk offsets, `co64`), never on `dataOffset`.
 */
export function sampleTable(
  entries: readonly Uint8Array[],
  chunks: readonly (Chunk & { keyframe: boolean })[],
  dataOffset: number,
  wide: boolean,
): Buffer {
  const durations = runLengths(all(chunks, 'durations'));
  const sizes = [...all(chunks, 'sizes')];
  const rows = sampleToChunk(chunks);
  const sync = syncSamples(chunks);
  const offsets: number[] = [];
  let offset = dataOffset;
  for (const chunk of chunks) {
    offsets.push(offset);
    offset += chunk.bytes;
  }
  return box(
    'stbl',
    fullBox('stsd', 0, 0, u32(entries.length), ...entries),
    fullBox('stts', 0, 0, u32(durations.length / 2), numbers(durations)),
    fullBox('stss', 0, 0, u32(sync.length), numbers(sync)),
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
  for (let index = 0; index < values.length; index++) out.writeUInt32BE(values[index] ?? 0, index * 4);
  return out;
}

function wideNumbers(values: readonly number[]): Buffer {
  return values.length === 0 ? Buffer.alloc(0) : Buffer.concat(values.map((value) => u64(value)));
}
