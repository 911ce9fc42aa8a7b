import { findBox, readBoxes } from '../src/mp4/boxes.ts';

export interface MovieSample {
  bytes: Buffer;
  duration: number;
  sync: boolean;
  description: number;
}

/** Reads an MP4 through its sample table, as a player does: independent of how it was written. */
export function readMovie(file: Buffer): { samples: MovieSample[]; descriptions: number; boxes: string[] } {
  const stbl = findBox(file, 'moov', 'trak', 'mdia', 'minf', 'stbl').body;
  const numbers = (type: string, from = 8) => {
    const { body } = findBox(stbl, type);
    return Array.from({ length: (body.length - from) / 4 }, (_, index) => body.readUInt32BE(from + index * 4));
  };
  const has = (type: string) => [...readBoxes(stbl)].some((found) => found.type === type);
  const sizes = numbers('stsz', 12);
  const stts = numbers('stts');
  const sync = has('stss') ? new Set(numbers('stss')) : undefined;
  const stsc = numbers('stsc');
  const offsets = has('co64')
    ? numbers('co64').flatMap((high, index, all) => (index % 2 ? [] : [high * 2 ** 32 + (all[index + 1] ?? 0)]))
    : numbers('stco');
  const durations = stts.flatMap((count, index) =>
    index % 2 ? [] : new Array<number>(count).fill(stts[index + 1] ?? 0),
  );
  const samples: MovieSample[] = [];
  let row = 0;
  offsets.forEach((start, chunk) => {
    while ((stsc[(row + 1) * 3] ?? Infinity) <= chunk + 1) row++;
    let offset = start;
    for (let index = 0; index < (stsc[row * 3 + 1] ?? 0); index++) {
      const number = samples.length;
      const size = sizes[number] ?? 0;
      const bytes = file.subarray(offset, offset + size);
      samples.push({
        bytes,
        duration: durations[number] ?? 0,
        sync: sync?.has(number + 1) ?? true,
        description: stsc[row * 3 + 2] ?? 0,
      });
      offset += size;
    }
  });
  const descriptions = findBox(stbl, 'stsd').body.readUInt32BE(4);
  return { samples, descriptions, boxes: [...readBoxes(file)].map(({ type }) => type) };
}
