import { inputError } from '@smartbox/kernel';
import type { ByteSource } from './byte-source.ts';

/** A box of ISO/IEC 14496-12 section 4.2: where it lies, where its content begins. */
export interface Box {
  type: string;
  offset: number;
  /** With its header. */
  length: number;
  headerLength: number;
}

const MAX_BOXES = 1_000_000;

/** A box's header at `at` of `bytes`; undefined where the bytes are none. `end` bounds a box of length 0 (to the end). */
function boxAt(bytes: Buffer, at: number, offset: number, end: number): Box | undefined {
  if (at + 8 > bytes.length) return undefined;
  const type = bytes.toString('latin1', at + 4, at + 8);
  if (!/^[ -~\u00a9]{4}$/.test(type)) return undefined;
  const short = bytes.readUInt32BE(at);
  const headerLength = short === 1 ? 16 : 8;
  if (at + headerLength > bytes.length) return undefined;
  const length = short === 1 ? Number(bytes.readBigUInt64BE(at + 8)) : short === 0 ? end - offset : short;
  return length < headerLength ? undefined : { type, offset, length, headerLength };
}

/**
 * The boxes on the top level of an MP4, reading 16 bytes of each.
 * @param options.tolerateTail stop instead of throwing at bytes that are no box (padding of a DICOM fragment)
 */
export async function topLevelBoxes(source: ByteSource, options: { tolerateTail?: boolean } = {}): Promise<Box[]> {
  const boxes: Box[] = [];
  for (let offset = 0; offset < source.size;) {
    const head = Buffer.from(await source.read(offset, 16));
    const box = boxAt(head, 0, offset, source.size);
    if (!box || boxes.length >= MAX_BOXES) {
      if (options.tolerateTail && box === undefined) break;
      throw inputError('not-mp4', `Byte ${offset} is no box of an MP4 (ISO 14496-12 4.2)`);
    }
    boxes.push(box);
    offset += box.length;
  }
  return boxes;
}

/** The boxes inside a box that was loaded: content only, offsets relative to `content`. */
export function childBoxes(content: Buffer): { type: string; content: Buffer }[] {
  const children: { type: string; content: Buffer }[] = [];
  for (let at = 0; at < content.length;) {
    const box = boxAt(content, at, at, content.length);
    if (!box || at + box.length > content.length) break;
    children.push({ type: box.type, content: content.subarray(at + box.headerLength, at + box.length) });
    at += box.length;
  }
  return children;
}

/** Content of the first box on this path, e.g. `mdia/minf/stbl`. */
export function findBox(content: Buffer, path: string): Buffer | undefined {
  let here: Buffer | undefined = content;
  for (const type of path.split('/')) {
    here = here && childBoxes(here).find((each) => each.type === type)?.content;
  }
  return here;
}
