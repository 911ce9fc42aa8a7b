import { inputError } from '@smartbox/kernel';
import { createHash } from 'node:crypto';
import { Cursor, type ByteSource } from './byte-source.ts';
import { topLevelBoxes } from './mp4-boxes.ts';
import { number, type ParsedPart10 } from './part10-reader.ts';
import { transferSyntaxes } from './transfer-syntaxes.ts';

/** One item of an encapsulated Pixel Data value: where its bytes lie in the file. */
export interface PayloadItem {
  offset: number;
  length: number;
}

export interface Encapsulation {
  /** The Basic Offset Table's item; undefined for native pixel data. */
  offsetTable: PayloadItem | undefined;
  fragments: readonly PayloadItem[];
  /** First byte behind the Pixel Data element. */
  end: number;
  /** Was the Sequence Delimitation Item there? */
  delimited: boolean;
}

const MAX_FRAGMENTS = 2_000_000;

/**
 * Walks the items of Pixel Data, reading eight bytes of each (PS3.5 A.4).
 * @throws SmartBoxError (input) for an item that is cut off or is no item
 */
export async function readEncapsulation(source: ByteSource, parsed: ParsedPart10): Promise<Encapsulation> {
  const { pixelData } = parsed;
  if (!pixelData) throw inputError('no-pixel-data', 'The object has no Pixel Data');
  if (pixelData.length !== undefined) {
    const item = { offset: pixelData.valueOffset, length: pixelData.length };
    const end = item.offset + item.length;
    if (end > source.size) throw inputError('dicom-truncated', 'Pixel Data is cut off');
    return { offsetTable: undefined, fragments: [item], end, delimited: false };
  }
  // Items of a stream are far apart, frames are near: a small window serves both.
  const cursor = new Cursor(source, pixelData.valueOffset, 4096);
  const items: PayloadItem[] = [];
  let delimited = false;
  while (!cursor.atEnd && !delimited) {
    const at = cursor.offset;
    const head = await cursor.take(8);
    const tag = head.readUInt32BE(0);
    const length = head.readUInt32LE(4);
    delimited = tag === 0xfeff_dde0;
    if (delimited) break;
    if (tag !== 0xfeff_00e0)
      throw inputError('dicom-malformed', `Byte ${at} of the object is no item of Pixel Data (PS3.5 A.4)`);
    if (cursor.offset + length > source.size) {
      throw inputError(
        'dicom-truncated',
        `A fragment claims ${length} bytes, the object ends ${source.size - cursor.offset} bytes behind it`,
      );
    }
    if (items.length > MAX_FRAGMENTS) {
      throw inputError('dicom-too-many-elements', `Pixel Data has more than ${MAX_FRAGMENTS} fragments`);
    }
    items.push({ offset: cursor.offset, length });
    cursor.offset += length;
  }
  return { offsetTable: items[0], fragments: items.slice(1), end: cursor.offset, delimited };
}

/** Pieces of a file as one run of bytes; nothing is copied until it is read. */
function concatenated(source: ByteSource, items: readonly PayloadItem[]): ByteSource {
  const size = items.reduce((sum, each) => sum + each.length, 0);
  return {
    size,
    async read(offset, length) {
      const pieces: Uint8Array[] = [];
      let start = 0;
      for (const each of items) {
        const from = Math.max(offset, start);
        const to = Math.min(offset + length, start + each.length);
        if (from < to) pieces.push(await source.read(each.offset + from - start, to - from));
        start += each.length;
        if (start >= offset + length) break;
      }
      return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
    },
  };
}

/**
 * The payload as one run of bytes: no item headers, no padding. An MP4 and a JPEG say themselves where they end, an
 * MPEG-TS is always even; anything else keeps the padding of its last fragment.
 */
export async function openPayload(
  source: ByteSource,
  parsed: ParsedPart10,
  encapsulation?: Encapsulation,
): Promise<ByteSource> {
  const { fragments } = encapsulation ?? (await readEncapsulation(source, parsed));
  const syntax = transferSyntaxes.get(parsed.transferSyntaxUid);
  if (syntax?.layout === 'frames') {
    const frames: PayloadItem[] = [];
    for (const each of fragments) frames.push(await withoutFramePadding(source, each));
    return concatenated(source, frames);
  }
  if (syntax?.layout === 'native')
    return concatenated(
      source,
      fragments.map((each) => withoutPixelPadding(each, parsed)),
    );
  const padded = concatenated(source, fragments);
  const last = fragments.at(-1);
  if (syntax?.layout !== 'stream' || !last || !(await endsWithPadding(padded))) return padded;
  return concatenated(source, [...fragments.slice(0, -1), { ...last, length: last.length - 1 }]);
}

/** Native pixels say themselves how many bytes they are (PS3.5 8.1.1). */
function withoutPixelPadding(item: PayloadItem, { dataset }: ParsedPart10): PayloadItem {
  const of = (keyword: string) => number(dataset, keyword) ?? 1;
  const bits = of('Rows') * of('Columns') * of('SamplesPerPixel') * of('NumberOfFrames') * of('BitsAllocated');
  return bits / 8 === item.length - 1 ? { ...item, length: item.length - 1 } : item;
}

/** EOI and EOC are both FF D9 (ISO 10918-1 B.1.1.3, ISO 15444-1 A.4.4). */
async function withoutFramePadding(source: ByteSource, item: PayloadItem): Promise<PayloadItem> {
  if (item.length < 3) return item;
  const tail = await source.read(item.offset + item.length - 3, 3);
  const padded = tail[0] === 0xff && tail[1] === 0xd9 && tail[2] === 0;
  return padded ? { ...item, length: item.length - 1 } : item;
}

/** Does an MP4 end one byte before its fragment does? */
async function endsWithPadding(payload: ByteSource): Promise<boolean> {
  const { size } = payload;
  if (size < 8 || (await payload.read(size - 1, 1))[0] !== 0) return false;
  if (Buffer.from(await payload.read(4, 4)).toString('latin1') !== 'ftyp') return false;
  const last = (await topLevelBoxes(payload, { tolerateTail: true })).at(-1);
  return last !== undefined && last.offset + last.length === size - 1;
}

/** Streams the payload of a DICOM object, unpadded, in chunks of at most `chunkLength` bytes. */
export async function* extractPayload(
  source: ByteSource,
  parsed: ParsedPart10,
  chunkLength = 1 << 20,
): AsyncGenerator<Uint8Array, void, undefined> {
  const payload = await openPayload(source, parsed);
  for (let offset = 0; offset < payload.size;) {
    const chunk = await payload.read(offset, Math.min(chunkLength, payload.size - offset));
    if (chunk.length === 0)
      throw inputError('dicom-truncated', `The payload ends at byte ${offset} of ${payload.size}`);
    offset += chunk.length;
    yield chunk;
  }
}

/** SHA-256 (hexadecimal) and length of the unpadded payload. */
export async function payloadDigest(
  source: ByteSource,
  parsed: ParsedPart10,
): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of extractPayload(source, parsed)) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { sha256: hash.digest('hex'), bytes };
}
