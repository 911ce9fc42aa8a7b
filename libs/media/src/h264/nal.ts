/** NAL unit types used here (ITU-T H.264 table 7-1). */
export const NAL = { slice: 1, idr: 5, sei: 6, sps: 7, pps: 8, aud: 9, filler: 12 } as const;

/** One coded picture. Times are ticks of 90 kHz. */
export interface AccessUnit {
  /** H.264 in Annex B (start codes), parameter sets repeated at every IDR. */
  readonly data: Uint8Array;
  readonly pts: number;
  /** Decoding time; equal to `pts` where there are no B-frames. */
  readonly dts: number;
  /** Starts with an IDR picture: decoding can begin here. */
  readonly keyframe: boolean;
}

export function nalType(nal: Uint8Array): number {
  return (nal[0] ?? 0) & 0x1f;
}

/**
 * The NAL units of an Annex B byte stream (ITU-T H.264 annex B), without start codes and trailing zeros.
 * The result are views into `data`.
 */
export function splitAnnexB(data: Uint8Array): Uint8Array[] {
  const units: Uint8Array[] = [];
  const buffer = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  let start = -1;
  let at = buffer.indexOf(START_CODE, 0);
  while (at >= 0) {
    if (start >= 0) pushTrimmed(units, data, start, at);
    start = at + 3;
    at = buffer.indexOf(START_CODE, start);
  }
  if (start >= 0) pushTrimmed(units, data, start, data.length);
  return units;
}
const START_CODE = Buffer.from([0, 0, 1]);

function pushTrimmed(units: Uint8Array[], data: Uint8Array, start: number, end: number): void {
  let last = end;
  while (last > start && data[last - 1] === 0) last--;
  if (last > start) units.push(data.subarray(start, last));
}

/** The NAL units of a sample with four-byte (or `lengthSize`-byte) lengths, as in an MP4 (ISO/IEC 14496-15 5.3.2). */
export function splitAvcc(data: Uint8Array, lengthSize = 4): Uint8Array[] {
  const units: Uint8Array[] = [];
  let at = 0;
  while (at + lengthSize <= data.length) {
    let size = 0;
    for (let i = 0; i < lengthSize; i++) size = size * 256 + (data[at + i] ?? 0);
    at += lengthSize;
    if (size === 0 || at + size > data.length) break;
    units.push(data.subarray(at, at + size));
    at += size;
  }
  return units;
}

export function toAnnexB(nals: readonly Uint8Array[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const nal of nals) parts.push(LONG_START_CODE, nal);
  return Buffer.concat(parts);
}
const LONG_START_CODE = Buffer.from([0, 0, 0, 1]);

export function toAvcc(nals: readonly Uint8Array[]): Buffer {
  const out = Buffer.allocUnsafe(nals.reduce((sum, nal) => sum + 4 + nal.length, 0));
  let at = 0;
  for (const nal of nals) {
    out.writeUInt32BE(nal.length, at);
    out.set(nal, at + 4);
    at += 4 + nal.length;
  }
  return out;
}

/** SPS and PPS out of an avcC record (ISO/IEC 14496-15 5.3.3.1). */
export function parseAvcC(record: Uint8Array): { sps: Uint8Array[]; pps: Uint8Array[]; lengthSize: number } {
  const sps: Uint8Array[] = [];
  const pps: Uint8Array[] = [];
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  let at = 5;
  const read = (count: number, into: Uint8Array[]): void => {
    for (let i = 0; i < count && at + 2 <= record.length; i++) {
      const size = view.getUint16(at);
      into.push(record.subarray(at + 2, at + 2 + size));
      at += 2 + size;
    }
  };
  read((record[at++] ?? 0) & 0x1f, sps);
  read(record[at++] ?? 0, pps);
  return { sps, pps, lengthSize: ((record[4] ?? 3) & 3) + 1 };
}
