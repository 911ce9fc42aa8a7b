/** NAL unit types used here (ITU-T H.265 table 7-1). */
export const HEVC_NAL = {
  blaFirst: 16,
  blaLast: 18,
  idrWithLeading: 19,
  idr: 20,
  cra: 21,
  lastIrap: 23,
  lastSlice: 31,
  vps: 32,
  sps: 33,
  pps: 34,
  delimiter: 35,
} as const;

export function hevcNalType(nal: Uint8Array): number {
  return ((nal[0] ?? 0) >> 1) & 0x3f;
}

/** VPS, SPS and PPS out of an `hvcC` record, in its order (ISO/IEC 14496-15 8.3.3.1). @throws RangeError */
export function parseHvcC(record: Uint8Array): { sets: Uint8Array[]; lengthSize: number } {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const sets: Uint8Array[] = [];
  let at = 23;
  for (let arrays = view.getUint8(22); arrays > 0; arrays--) {
    const count = view.getUint16(at + 1);
    at += 3;
    for (let i = 0; i < count; i++) {
      const size = view.getUint16(at);
      sets.push(record.subarray(at + 2, at + 2 + size));
      at += 2 + size;
    }
  }
  return { sets, lengthSize: (view.getUint8(21) & 3) + 1 };
}
