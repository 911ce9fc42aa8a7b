import { inputError, SmartBoxError } from '@smartbox/kernel';
import type { Dataset } from './dataset.ts';
import { MAX_FRAGMENT_LENGTH } from './fit-transfer-syntax.ts';
import { writeHeader } from './part10-header.ts';
import { fragmentableTwin, transferSyntaxes, type TransferSyntax } from './transfer-syntaxes.ts';

/** Where one piece of the payload goes: an item of its own, padded to an even length. */
export interface Fragment {
  /** Offset in the payload. */
  start: number;
  length: number;
}

/** A Part 10 file before its payload is there: everything but the payload's bytes is known. */
export interface Part10 {
  transferSyntaxUid: string;
  /** From the preamble to the first byte of the payload. */
  header: Buffer;
  /** Padding of the last fragment and the sequence delimiter. */
  trailer: Buffer;
  /** Bytes of the whole file: an exact Content-Length. */
  totalLength: number;
  /** Offset of the payload's first byte in the file. */
  payloadOffset: number;
  payloadLength: number;
  fragments: readonly Fragment[];
}

/** Length of one bit stream, or the lengths of the frames that lie one after the other in the payload. */
export type PayloadShape = number | { frameLengths: readonly number[] };

export interface Part10Options {
  /** Longest fragment where a stream needs several; even. Default 1 GiB. */
  fragmentLength?: number;
}

const ITEM = 0xe000;
const SEQUENCE_DELIMITER = 0xe0dd;
const UNDEFINED_LENGTH = 0xffff_ffff;

function item(element: number, length: number): Buffer {
  const out = Buffer.alloc(8);
  out.writeUInt16LE(0xfffe, 0);
  out.writeUInt16LE(element, 2);
  out.writeUInt32LE(length, 4);
  return out;
}

/** Pixel Data (7FE0,0010) with VR OB: `length` bytes follow, or items (PS3.5 A.4). */
function pixelDataTag(length: number): Buffer {
  const out = Buffer.alloc(12);
  out.writeUInt16LE(0x7fe0, 0);
  out.writeUInt16LE(0x0010, 2);
  out.write('OB', 4, 'latin1');
  out.writeUInt32LE(length, 8);
  return out;
}

const even = (length: number) => length + (length % 2);

/**
 * Lays out a Part 10 file for a payload that will be streamed: the header by dcmjs, the encapsulated Pixel Data by us.
 * A bit stream gets an empty Basic Offset Table and one fragment (several where the syntax allows and the length asks
 * for it); frames get one fragment each and a filled table (PS3.5 A.4).
 * @param payload bytes of the stream, or of each frame
 * @throws SmartBoxError `payload-too-large` where one fragment cannot hold the stream, `empty-payload`
 */
export function createPart10(
  dataset: Dataset,
  transferSyntaxUid: string,
  payload: PayloadShape,
  options: Part10Options = {},
): Part10 {
  const syntax = transferSyntaxes.get(transferSyntaxUid);
  if (!syntax)
    throw inputError('unknown-transfer-syntax', `Transfer syntax "${transferSyntaxUid}" is not one SmartBox writes`);
  const fragments = layOut(syntax, payload, options);
  const last = fragments.at(-1);
  const first = fragments[0];
  if (!first || !last) throw inputError('empty-payload', 'A payload has at least one frame');
  const payloadLength = last.start + last.length;
  const attributes = writeHeader(dataset, transferSyntaxUid);
  const padding = Buffer.alloc(last.length % 2);

  if (syntax.layout === 'native') {
    const header = Buffer.concat([attributes, pixelDataTag(even(payloadLength))]);
    return finish(header, padding);
  }
  const table = syntax.layout === 'stream' ? Buffer.alloc(0) : offsetTable(fragments);
  const opening = [attributes, pixelDataTag(UNDEFINED_LENGTH), item(ITEM, table.length), table];
  const header = Buffer.concat([...opening, item(ITEM, even(first.length))]);
  return finish(header, Buffer.concat([padding, item(SEQUENCE_DELIMITER, 0)]));

  function finish(header: Buffer, trailer: Buffer): Part10 {
    const between =
      fragments.slice(1).length * 8 + fragments.slice(0, -1).filter((each) => each.length % 2 === 1).length;
    const totalLength = header.length + payloadLength + between + trailer.length;
    return { transferSyntaxUid, header, trailer, totalLength, payloadOffset: header.length, payloadLength, fragments };
  }
}

function layOut(syntax: TransferSyntax, payload: PayloadShape, options: Part10Options): Fragment[] {
  const lengths = typeof payload === 'number' ? [payload] : payload.frameLengths;
  if (lengths.length === 0 || lengths.some((each) => !Number.isSafeInteger(each) || each <= 0)) {
    throw inputError(
      'empty-payload',
      `A payload and each of its frames have at least one byte, got ${lengths.slice(0, 5).join(', ')}`,
    );
  }
  if (typeof payload === 'number' && syntax.layout === 'stream') return streamFragments(syntax, payload, options);
  if (typeof payload !== 'number' && syntax.layout !== 'frames') {
    throw inputError('not-frames', `${syntax.name} takes one stream, not separate frames`);
  }
  let start = 0;
  return lengths.map((length) => {
    if (even(length) > MAX_FRAGMENT_LENGTH) throw tooLarge(syntax, length);
    const fragment = { start, length };
    start += length;
    return fragment;
  });
}

function streamFragments(syntax: TransferSyntax, length: number, options: Part10Options): Fragment[] {
  if (even(length) <= Math.min(MAX_FRAGMENT_LENGTH, options.fragmentLength ?? Infinity)) return [{ start: 0, length }];
  if (!syntax.fragmentable) {
    if (even(length) <= MAX_FRAGMENT_LENGTH) return [{ start: 0, length }];
    throw tooLarge(syntax, length);
  }
  const size = options.fragmentLength ?? 2 ** 30;
  if (size % 2 !== 0 || size <= 0 || size > MAX_FRAGMENT_LENGTH) {
    throw inputError(
      'invalid-fragment-length',
      `A fragment has an even length up to ${MAX_FRAGMENT_LENGTH}, got ${size} (PS3.5 A.4)`,
    );
  }
  const fragments: Fragment[] = [];
  for (let start = 0; start < length; start += size) fragments.push({ start, length: Math.min(size, length - start) });
  return fragments;
}

function tooLarge(syntax: TransferSyntax, length: number): SmartBoxError {
  const twin = fragmentableTwin(syntax.uid);
  return new SmartBoxError({
    code: 'payload-too-large',
    fault: 'input',
    message:
      `${syntax.name} holds at most ${MAX_FRAGMENT_LENGTH} bytes in its one fragment (PS3.5 A.4), the payload has ${length}: ` +
      `split it into several instances, or use HEVC${twin ? ` or ${twin.uid}` : ''}`,
    details: { limit: MAX_FRAGMENT_LENGTH, length, transferSyntaxUid: syntax.uid },
  });
}

/** Offsets of the frames' item tags, from the first byte after the table (PS3.5 A.4); empty where 32 bits do not hold them. */
function offsetTable(fragments: readonly Fragment[]): Buffer {
  const table = Buffer.alloc(4 * fragments.length);
  let offset = 0;
  for (const [index, each] of fragments.entries()) {
    if (offset > UNDEFINED_LENGTH) return Buffer.alloc(0);
    table.writeUInt32LE(offset, 4 * index);
    offset += 8 + even(each.length);
  }
  return table;
}

/**
 * The whole file as it is to be written, in constant memory: header, payload chunks with the item headers between
 * them, trailer. Yields exactly `totalLength` bytes.
 * @throws SmartBoxError `payload-length-mismatch` when the payload is shorter or longer than was announced
 */
export async function* part10Stream(
  part10: Part10,
  payload: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield part10.header;
  let written = 0;
  let index = 0;
  let left = part10.fragments[0]?.length ?? 0;
  for await (const chunk of payload) {
    let rest = chunk;
    while (rest.length > 0) {
      if (left === 0) {
        const previous = part10.fragments[index];
        const next = part10.fragments[++index];
        if (!previous || !next) throw mismatch(part10, written + rest.length);
        const padding = Buffer.alloc(previous.length % 2);
        yield Buffer.concat([padding, item(ITEM, even(next.length))]);
        left = next.length;
      }
      const piece = rest.subarray(0, left);
      yield piece;
      written += piece.length;
      left -= piece.length;
      rest = rest.subarray(piece.length);
    }
  }
  if (written !== part10.payloadLength) throw mismatch(part10, written);
  yield part10.trailer;
}

function mismatch(part10: Part10, got: number): SmartBoxError {
  return new SmartBoxError({
    code: 'payload-length-mismatch',
    fault: 'theirs',
    retryable: true,
    message: `The payload was announced with ${part10.payloadLength} bytes and has ${got < part10.payloadLength ? 'only' : 'at least'} ${got}`,
  });
}
