/**
 * Whether a JPEG stands alone in JPEG Baseline as it is: process 1, eight bits, 4:2:2, of this size, with tables of its
 * own (PS3.5 8.2.1, PS3.3 C.7.6.3.1.2). Cameras leave the Huffman tables out of Motion JPEG.
 */
export function isBaselineFrame(jpeg: Buffer, { width, height }: { width: number; height: number }): boolean {
  if (jpeg.length < 4 || jpeg.readUInt16BE(0) !== 0xffd8) return false;
  const seen = new Set<number>();
  let fits = false;
  for (let at = 2; at + 4 <= jpeg.length && jpeg[at] === 0xff;) {
    const marker = jpeg.readUInt8(at + 1);
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    // SOS: what follows is the picture
    if (marker === 0xda) return fits && seen.has(0xc4) && seen.has(0xdb);
    seen.add(marker);
    if (marker === 0xc0) fits = isHeader(jpeg.subarray(at + 4), width, height);
    at += 2 + jpeg.readUInt16BE(at + 2);
  }
  return false;
}

/** SOF0: precision, lines, samples, components with their sampling factors (ISO/IEC 10918-1 B.2.2). */
function isHeader(header: Buffer, width: number, height: number): boolean {
  if (header.length < 15) return false;
  const [precision, components] = [header.readUInt8(0), header.readUInt8(5)];
  const [y, cb, cr] = [7, 10, 13].map((at) => ({ h: header.readUInt8(at) >> 4, v: header.readUInt8(at) & 15 }));
  if (precision !== 8 || components !== 3 || !y || !cb || !cr) return false;
  const isSize = header.readUInt16BE(1) === height && header.readUInt16BE(3) === width;
  return isSize && cb.h === cr.h && cb.v === cr.v && y.h === 2 * cb.h && y.v === cb.v;
}
