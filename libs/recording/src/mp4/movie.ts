import { TIMESCALE } from '@smartbox/contracts';
import type { SourcePlan } from '../source-plan.ts';
import { box, fullBox, u16, u32, u64 } from './boxes.ts';
import { readInitSegment, type VideoFormat } from './init-segment.ts';
import { sampleTable, type Chunk } from './sample-table.ts';

/** A whole MP4 file but for its samples: what stands before them, and how long it will be. */
export interface MovieLayout {
  /** `ftyp`, `moov` and the header of `mdat`. */
  header: Buffer;
  /** Length of the file. */
  bytes: number;
  /** Different sample descriptions (formats) in it. */
  formats: number;
}

const MATRIX = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);
const MAX_U32 = 0xffff_ffff;

/** A duration or time field of version 0 or 1 boxes. */
const timeField = (version: number, value: number) => (version === 1 ? u64(value) : u32(value));

function moov(format: VideoFormat, duration: number, stbl: Buffer): Buffer {
  const version = duration > MAX_U32 ? 1 : 0;
  const noTime = Buffer.alloc(version === 1 ? 16 : 8); // creation and modification: unset, so that equal clips are equal
  const length = timeField(version, duration);
  const mvhd = fullBox(
    'mvhd',
    version,
    0,
    noTime,
    u32(TIMESCALE),
    length,
    u32(0x10000),
    u16(0x100, 0, 0, 0, 0, 0),
    MATRIX,
    Buffer.alloc(24),
    u32(2),
  );
  const tkhd = fullBox(
    'tkhd',
    version,
    3,
    noTime,
    u32(1, 0),
    length,
    Buffer.alloc(16),
    MATRIX,
    u32(format.displayWidth, format.displayHeight),
  );
  const mdhd = fullBox('mdhd', version, 0, noTime, u32(TIMESCALE), length, u16(0x55c4, 0));
  const hdlr = fullBox('hdlr', 0, 0, u32(0), Buffer.from('vide'), Buffer.alloc(12), Buffer.from('video\0'));
  const minf = box(
    'minf',
    fullBox('vmhd', 0, 1, Buffer.alloc(8)),
    box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1))),
    stbl,
  );
  return box('moov', mvhd, box('trak', tkhd, box('mdia', mdhd, hdlr, minf)));
}

/**
 * Lays out the faststart MP4 of a plan (ISO/IEC 14496-12): no edit list, one chunk per fragment, `co64` and a
 * 64-bit `mdat` only above 4 GiB. `inits` holds the init segment of every epoch in the plan; equal formats share
 * one sample description. @throws RangeError on a missing or unreadable init segment.
 */
export function layoutMovie(plan: SourcePlan, inits: ReadonlyMap<string, Uint8Array>): MovieLayout {
  const formats: VideoFormat[] = [];
  const descriptions = new Map<string, number>();
  for (const { entry } of plan.fragments) {
    const { epoch } = entry.headers;
    if (descriptions.has(epoch)) continue;
    const init = inits.get(epoch);
    if (!init) throw new RangeError(`no init segment of epoch ${epoch}`);
    const format = readInitSegment(init);
    const known = formats.findIndex(({ sampleEntry }) => sampleEntry.equals(format.sampleEntry));
    descriptions.set(epoch, known >= 0 ? known + 1 : formats.push(format));
  }
  const [first] = formats;
  if (!first) throw new RangeError('a plan without fragments');
  const chunks = plan.fragments.map(({ entry, sizes, durations, bytes }): Chunk & { keyframe: boolean } => ({
    sizes,
    durations,
    bytes,
    description: descriptions.get(entry.headers.epoch) ?? 1,
    keyframe: entry.headers.keyframe,
  }));
  let data = 0;
  let duration = 0;
  for (const chunk of chunks) {
    data += chunk.bytes;
    for (const ticks of chunk.durations) duration += ticks;
  }
  const ftyp = box('ftyp', Buffer.from('isom'), u32(0x200), Buffer.from('isomiso2avc1mp41'));
  const entries = formats.map(({ sampleEntry }) => sampleEntry);
  const head = (dataOffset: number, wide: boolean) =>
    Buffer.concat([
      ftyp,
      moov(first, duration, sampleTable(entries, chunks, dataOffset, wide)),
      ...(data + 8 > MAX_U32 ? [u32(1), Buffer.from('mdat'), u64(data + 16)] : [u32(data + 8), Buffer.from('mdat')]),
    ]);
  const narrow = head(0, false).length;
  const wide = narrow + data > MAX_U32;
  const header = head(wide ? head(0, true).length : narrow, wide);
  return { header, bytes: header.length + data, formats: formats.length };
}
