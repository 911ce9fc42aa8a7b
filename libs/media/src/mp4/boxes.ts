/** One MP4 box (ISO/IEC 14496-12 4.2): 32-bit size, four-character type, payload. */
export function box(type: string, ...parts: readonly Uint8Array[]): Buffer {
  const size = parts.reduce((sum, part) => sum + part.length, 8);
  const out = Buffer.allocUnsafe(size);
  out.writeUInt32BE(size, 0);
  out.write(type, 4, 'latin1');
  let at = 8;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function fullBox(type: string, version: number, flags: number, ...parts: readonly Uint8Array[]): Buffer {
  return box(type, u32(version * 0x1000000 + flags), ...parts);
}

export function u16(...values: readonly number[]): Buffer {
  const out = Buffer.allocUnsafe(values.length * 2);
  values.forEach((value, i) => out.writeUInt16BE(value & 0xffff, i * 2));
  return out;
}

export function u32(...values: readonly number[]): Buffer {
  const out = Buffer.allocUnsafe(values.length * 4);
  values.forEach((value, i) => out.writeUInt32BE(value >>> 0, i * 4));
  return out;
}

export function u64(value: bigint): Buffer {
  const out = Buffer.allocUnsafe(8);
  out.writeBigUInt64BE(value);
  return out;
}

export interface Box {
  readonly type: string;
  /** Offset of the box in the buffer, and its whole size. */
  readonly offset: number;
  readonly size: number;
  /** Payload without the header. */
  readonly body: Buffer;
}

/** The boxes of a buffer, in order; a box that claims more than there is ends the list. */
export function readBoxes(data: Uint8Array): Box[] {
  const buffer = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const boxes: Box[] = [];
  let offset = 0;
  while (offset + 8 <= buffer.length) {
    let size = buffer.readUInt32BE(offset);
    let header = 8;
    if (size === 1 && offset + 16 <= buffer.length) {
      size = Number(buffer.readBigUInt64BE(offset + 8));
      header = 16;
    } else if (size === 0) size = buffer.length - offset;
    if (size < header || offset + size > buffer.length) break;
    boxes.push({
      type: buffer.toString('latin1', offset + 4, offset + 8),
      offset,
      size,
      body: buffer.subarray(offset + header, offset + size),
    });
    offset += size;
  }
  return boxes;
}

/** The first box on a path: `findBox(init, 'moov', 'trak', 'mdia')`. */
export function findBox(data: Uint8Array, ...path: readonly string[]): Box | undefined {
  let found: Box | undefined;
  let inside = data;
  for (const type of path) {
    found = readBoxes(inside).find((candidate) => candidate.type === type);
    if (!found) return undefined;
    inside = found.body;
  }
  return found;
}
