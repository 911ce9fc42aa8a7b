import { findBox, readBoxes, type Box } from './boxes.ts';
import { FragmentedTracks } from './read-fragments.ts';
import { SampleList } from './sample-list.ts';

/** Random access to the bytes of a file, wherever it lies. */
export interface Bytes {
  readonly size: number;
  /** Exactly these bytes. */
  read(offset: number, length: number): Promise<Buffer>;
}

/** One entry of an edit list (ISO/IEC 14496-12 section 8.6.6). */
export interface Edit {
  /** In ticks of the movie. */
  readonly duration: number;
  /** In ticks of the media; -1: nothing is shown. */
  readonly mediaTime: number;
}

export interface Track {
  readonly id: number;
  /** `vide`, `soun`... (section 8.4.3). */
  readonly handler: string;
  /** Ticks per second. */
  readonly timescale: number;
  /** Sample entries, byte for byte. */
  readonly entries: readonly Buffer[];
  readonly samples: SampleList;
  readonly edits: readonly Edit[];
  /** How the picture is turned: 36 bytes of `tkhd`. */
  readonly matrix: Buffer;
  /** 16.16 fixed point. */
  readonly displayWidth: number;
  readonly displayHeight: number;
}

export interface Movie {
  /** Ticks per second of the edit lists. */
  readonly timescale: number;
  readonly tracks: readonly Track[];
}

/** A table of 27 hours at 60 frames per second is smaller. */
const LARGEST_MOOV = 128 * 1024 ** 2;
/** Files begin with one of these (`moov` alone: fast start of old writers). */
const FIRST = new Set(['ftyp', 'styp', 'moov', 'moof', 'mdat', 'free', 'skip', 'wide', 'pdin', 'sidx']);

/**
 * Where every sample of an MP4 stands, and when it is shown: from `moov` and, of a fragmented file, the `moof` boxes.
 * Media data are never read, so that a long film far away costs its tables only.
 * Undefined where it is no MP4, or one whose tables cannot be read: then another reader has to say what it is.
 */
export async function readMovie(bytes: Bytes): Promise<Movie | undefined> {
  try {
    return await readTables(bytes);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

async function readTables(bytes: Bytes): Promise<Movie | undefined> {
  let moov: Buffer | undefined;
  let fragments: FragmentedTracks | undefined;
  for (let offset = 0; offset + 8 <= bytes.size;) {
    const head = await bytes.read(offset, Math.min(16, bytes.size - offset));
    const type = head.toString('latin1', 4, 8);
    if (offset === 0 && !FIRST.has(type)) return undefined;
    const short = head.readUInt32BE(0);
    const size = short === 1 ? Number(head.readBigUInt64BE(8)) : short === 0 ? bytes.size - offset : short;
    if (size < 8) throw new RangeError(`box '${type}' at byte ${offset} claims ${size} bytes`);
    if (type === 'moov' || type === 'moof') {
      if (size > LARGEST_MOOV || offset + size > bytes.size) throw new RangeError(`${type} of ${size} bytes`);
      const body = (await bytes.read(offset, size)).subarray(short === 1 ? 16 : 8);
      if (type === 'moov') moov = body;
      else {
        if (!moov) throw new RangeError('a moof without a moov');
        fragments ??= new FragmentedTracks(moov);
        fragments.add(body, offset);
      }
    }
    offset += size;
  }
  return moov && movieOf(moov, fragments);
}

function movieOf(moov: Buffer, fragments: FragmentedTracks | undefined): Movie {
  const mvhd = findBox(moov, 'mvhd').body;
  const tracks = [...readBoxes(moov)].filter(({ type }) => type === 'trak').map((trak) => trackOf(trak, fragments));
  return { timescale: mvhd.readUInt32BE(mvhd[0] === 1 ? 20 : 12), tracks };
}

function trackOf({ body: trak }: Box, fragments: FragmentedTracks | undefined): Track {
  const tkhd = findBox(trak, 'tkhd').body;
  const mdhd = findBox(trak, 'mdia', 'mdhd').body;
  const stbl = findBox(trak, 'mdia', 'minf', 'stbl').body;
  const id = tkhd.readUInt32BE(tkhd[0] === 1 ? 20 : 12);
  const after = tkhd[0] === 1 ? 36 : 24;
  const inTables = SampleList.ofTables(stbl);
  return {
    id,
    handler: findBox(trak, 'mdia', 'hdlr').body.toString('latin1', 8, 12),
    timescale: mdhd.readUInt32BE(mdhd[0] === 1 ? 20 : 12),
    entries: sampleEntries(findBox(stbl, 'stsd').body),
    samples: fragments ? fragments.samplesOf(id, inTables) : inTables,
    edits: editsOf(trak),
    matrix: Buffer.from(tkhd.subarray(after + 16, after + 52)),
    displayWidth: tkhd.readUInt32BE(after + 52),
    displayHeight: tkhd.readUInt32BE(after + 56),
  };
}

function sampleEntries(stsd: Buffer): Buffer[] {
  return [...readBoxes(stsd.subarray(8))].map(({ whole }) => Buffer.from(whole));
}

function editsOf(trak: Buffer): Edit[] {
  const edts = [...readBoxes(trak)].find(({ type }) => type === 'edts');
  if (!edts) return [];
  const elst = findBox(edts.body, 'elst').body;
  const wide = elst[0] === 1;
  return Array.from({ length: elst.readUInt32BE(4) }, (_, i) => {
    const at = 8 + i * (wide ? 20 : 12);
    return wide
      ? { duration: Number(elst.readBigUInt64BE(at)), mediaTime: Number(elst.readBigInt64BE(at + 8)) }
      : { duration: elst.readUInt32BE(at), mediaTime: elst.readInt32BE(at + 4) };
  });
}
