/** One MP4 box (ISO/IEC 14496-12 section 4.2): 32-bit size, four-character type, payload. */
export function box(type: string, ...parts: readonly Uint8Array[]): Buffer {
  const size = parts.reduce((sum, part) => sum + part.length, 8);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(size, 0);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, ...parts], size);
}

export function fullBox(type: string, version: number, flags: number, ...parts: readonly Uint8Array[]): Buffer {
  return box(type, u32(version * 0x1000000 + flags), ...parts);
}

export function u16(...values: readonly number[]): Buffer {
  const out = Buffer.allocUnsafe(values.length * 2);
  values.forEach((value, index) => out.writeUInt16BE(value, index * 2));
  return out;
}

export function u32(...values: readonly number[]): Buffer {
  const out = Buffer.allocUnsafe(values.length * 4);
  for (let index = 0; index < values.length; index++) out.writeUInt32BE(values[index] ?? 0, index * 4);
  return out;
}

export function u64(...values: readonly number[]): Buffer {
  const out = Buffer.allocUnsafe(values.length * 8);
  for (let index = 0; index < values.length; index++) out.writeBigUInt64BE(BigInt(values[index] ?? 0), index * 8);
  return out;
}

export interface Box {
  type: string;
  /** Where the box begins in the buffer it was found in. */
  offset: number;
  /** Without the size and the type. */
  body: Buffer;
  /** With them. */
  whole: Buffer;
}

/** The boxes that stand one after the other in `data`. @throws RangeError where a size does not fit. */
export function* readBoxes(data: Uint8Array): Generator<Box> {
  const buffer = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  for (let offset = 0; offset < buffer.length;) {
    if (offset + 8 > buffer.length) throw new RangeError(`half a box at byte ${offset} of ${buffer.length}`);
    let size = buffer.readUInt32BE(offset);
    let head = 8;
    if (size === 1 && offset + 16 <= buffer.length) {
      size = Number(buffer.readBigUInt64BE(offset + 8));
      head = 16;
    }
    const type = buffer.toString('latin1', offset + 4, offset + 8);
    if (size < head || offset + size > buffer.length) {
      throw new RangeError(`box '${type}' at byte ${offset} claims ${size} of ${buffer.length - offset} bytes`);
    }
    const whole = buffer.subarray(offset, offset + size);
    yield { type, offset, whole, body: whole.subarray(head) };
    offset += size;
  }
}

/** The box at a path of types. @throws RangeError naming what is missing. */
export function findBox(data: Uint8Array, ...path: readonly string[]): Box {
  let inside = data;
  let found: Box | undefined;
  for (const type of path) {
    found = firstOf(type, inside);
    if (!found) throw new RangeError(`no box '${type}' (of ${path.join('/')})`);
    inside = found.body;
  }
  if (!found) throw new RangeError('an empty path');
  return found;
}

function firstOf(type: string, data: Uint8Array): Box | undefined {
  for (const box of readBoxes(data)) if (box.type === type) return box;
  return undefined;
}
