import { findBox } from './boxes.ts';

/** What the file's own `moov` takes over from a source's init segment. */
export interface VideoFormat {
  /** The sample entry (`avc1` with `avcC`...), byte for byte (ISO/IEC 14496-12 section 8.5.2). */
  sampleEntry: Buffer;
  /** Display size as in `tkhd`, 16.16 fixed point. */
  displayWidth: number;
  displayHeight: number;
}

/** Reads an init segment (`ftyp` + `moov` of one video track of 90 kHz). @throws RangeError when it is none. */
export function readInitSegment(init: Uint8Array): VideoFormat {
  const trak = findBox(init, 'moov', 'trak').body;
  const mdhd = findBox(trak, 'mdia', 'mdhd').body;
  const timescale = mdhd.readUInt32BE(mdhd.readUInt8(0) === 1 ? 20 : 12);
  if (timescale !== 90_000) throw new RangeError(`the track counts in ${timescale} ticks per second, not 90000`);
  const stsd = findBox(trak, 'mdia', 'minf', 'stbl', 'stsd').body;
  const entries = stsd.readUInt32BE(4);
  if (entries !== 1) throw new RangeError(`the init segment describes ${entries} formats, not one`);
  const size = stsd.readUInt32BE(8);
  const sampleEntry = Buffer.from(stsd.subarray(8, 8 + size));
  const tkhd = findBox(trak, 'tkhd').body;
  const displayWidth = tkhd.readUInt32BE(tkhd.length - 8);
  const displayHeight = tkhd.readUInt32BE(tkhd.length - 4);
  return { sampleEntry, displayWidth, displayHeight };
}
