import { inputError } from '@smartbox/kernel';
import { Cursor, type ByteSource } from './byte-source.ts';
import type { Dataset, DatasetValue } from './dataset.ts';
import { decodeValue, decoderFor } from './element-values.ts';
import { MAX_SHORT_VALUE } from './frame-times.ts';
import { lookupTag } from './part10-header.ts';
import { TransferSyntaxUid as T } from './transfer-syntaxes.ts';

/** Where the Pixel Data's value lies; its bytes were not read. */
export interface PixelDataPosition {
  /** Offset of the element's tag. */
  elementOffset: number;
  /** Offset of the first byte of its value: of the Basic Offset Table's item tag when encapsulated. */
  valueOffset: number;
  /** Undefined for an encapsulated value (undefined length). */
  length: number | undefined;
  vr: string;
}

export interface ParsedPart10 {
  /** File Meta Information, by keyword. */
  meta: Dataset;
  /** Attributes before Pixel Data, by keyword; private and unknown ones by tag, as base64. */
  dataset: Dataset;
  transferSyntaxUid: string;
  sopClassUid: string;
  sopInstanceUid: string;
  /** Absent where the object has none. */
  pixelData: PixelDataPosition | undefined;
  /** Tags whose value was longer than `maxValueLength`: skipped, not loaded. */
  skipped: readonly string[];
}

/** Bounds for hostile input. */
export interface ReadLimits {
  maxElements?: number;
  maxDepth?: number;
  /** Values longer than this are skipped. */
  maxValueLength?: number;
  /** Attributes that take more bytes than this are refused. */
  maxHeaderLength?: number;
}

interface Element {
  /** Eight hexadecimal digits. */
  tag: string;
  vr: string;
  length: number;
}

const UNDEFINED_LENGTH = 0xffff_ffff;
const long = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
const known = new Set([...long, ...'AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US'.split(' ')]);

/**
 * Reads File Meta Information and the attributes up to Pixel Data; the payload stays where it is.
 * @throws SmartBoxError (input) for what is not a Part 10 file, is cut off, or exceeds the limits
 */
export async function readPart10(source: ByteSource, limits: ReadLimits = {}): Promise<ParsedPart10> {
  const cursor = new Cursor(source);
  if (source.size < 132 || (await cursor.take(132)).toString('latin1', 128) !== 'DICM') {
    throw inputError('not-dicom', 'The object has no DICM prefix (PS3.10 7.1)');
  }
  const reader = new Reader(cursor, limits);
  const meta = await reader.meta();
  const transferSyntaxUid = text(meta, 'TransferSyntaxUID');
  if (transferSyntaxUid === '')
    throw inputError('no-transfer-syntax', 'File Meta Information has no TransferSyntaxUID (PS3.10 7.1)');
  if (transferSyntaxUid === T.deflatedExplicitLittleEndian || transferSyntaxUid === T.explicitBigEndian) {
    throw inputError('unsupported-transfer-syntax', `Transfer syntax ${transferSyntaxUid} is not read`);
  }
  reader.implicit = transferSyntaxUid === T.implicitLittleEndian;
  const dataset = await reader.dataset();
  return {
    meta,
    dataset,
    transferSyntaxUid,
    sopClassUid: text(dataset, 'SOPClassUID') || text(meta, 'MediaStorageSOPClassUID'),
    sopInstanceUid: text(dataset, 'SOPInstanceUID') || text(meta, 'MediaStorageSOPInstanceUID'),
    pixelData: reader.pixelData,
    skipped: reader.skipped,
  };
}

/** First value of a text attribute; empty where there is none. */
export function text(dataset: Dataset, keyword: string): string {
  const value = dataset[keyword];
  const first = typeof value === 'object' ? value[0] : value;
  return typeof first === 'string' ? first : '';
}

/** First value of a numeric attribute (IS, DS, US ...); undefined where there is none. */
export function number(dataset: Dataset, keyword: string): number | undefined {
  const value = dataset[keyword];
  const first = typeof value === 'object' ? value[0] : value;
  return typeof first === 'number' ? first : undefined;
}

class Reader {
  implicit = false;
  pixelData: PixelDataPosition | undefined;
  readonly skipped: string[] = [];
  private readonly cursor: Cursor;
  private readonly limits: Required<ReadLimits>;
  private elements = 0;
  private decoder = decoderFor(undefined);

  constructor(cursor: Cursor, limits: ReadLimits) {
    this.cursor = cursor;
    this.limits = { maxElements: 100_000, maxDepth: 16, maxValueLength: 4 << 20, maxHeaderLength: 32 << 20, ...limits };
  }

  /** Group 0002, always Explicit VR Little Endian; ends where the group ends, whatever its length element says. */
  async meta(): Promise<Dataset> {
    const meta: Dataset = {};
    while (!this.cursor.atEnd && (await this.cursor.peek(2)).readUInt16LE(0) === 2) {
      await this.read(await this.header(), meta, 0);
    }
    return meta;
  }

  async dataset(): Promise<Dataset> {
    const dataset: Dataset = {};
    while (!this.cursor.atEnd) {
      const elementOffset = this.cursor.offset;
      const element = await this.header();
      if (element.tag === '7FE00010') {
        const { length, vr } = element;
        const undefinedLength = length === UNDEFINED_LENGTH;
        this.pixelData = {
          elementOffset,
          valueOffset: this.cursor.offset,
          length: undefinedLength ? undefined : length,
          vr,
        };
        break;
      }
      await this.read(element, dataset, 0);
    }
    return dataset;
  }

  private async header(): Promise<Element> {
    this.elements += 1;
    if (this.elements > this.limits.maxElements) {
      throw inputError('dicom-too-many-elements', `The object has more than ${this.limits.maxElements} elements`);
    }
    if (this.cursor.offset > this.limits.maxHeaderLength) {
      throw inputError('dicom-header-too-large', `The attributes take more than ${this.limits.maxHeaderLength} bytes`);
    }
    const head = await this.cursor.take(8);
    const group = head.readUInt16LE(0);
    const tag = hex(group) + hex(head.readUInt16LE(2));
    if (group === 0xfffe) return { tag, vr: '', length: head.readUInt32LE(4) };
    if (this.implicit && group !== 2) {
      return { tag, vr: lookupTag(tag)?.vr ?? 'UN', length: head.readUInt32LE(4) };
    }
    const vr = head.toString('latin1', 4, 6);
    if (!known.has(vr))
      throw inputError(
        'dicom-malformed',
        `Element ${tag} at byte ${this.cursor.offset - 8} has no known value representation`,
      );
    if (!long.has(vr)) return { tag, vr, length: head.readUInt16LE(6) };
    return { tag, vr, length: (await this.cursor.take(4)).readUInt32LE(0) };
  }

  private async read(element: Element, into: Dataset, depth: number): Promise<void> {
    const { tag, vr, length } = element;
    if (tag.startsWith('FFFE')) throw inputError('dicom-malformed', `An item ${tag} stands outside a sequence`);
    const keyword = lookupTag(tag)?.keyword ?? tag;
    if (vr === 'SQ' || length === UNDEFINED_LENGTH) {
      if (vr !== 'SQ' && vr !== 'UN')
        throw inputError('dicom-malformed', `Element ${tag} has undefined length and is no sequence`);
      into[keyword] = await this.sequence(tag, length, depth + 1, vr === 'UN');
      return;
    }
    if (this.cursor.offset + length > this.cursor.source.size) {
      throw inputError('dicom-truncated', `Element ${tag} claims ${length} bytes, the object ends before`);
    }
    if (length > this.limits.maxValueLength) {
      this.skipped.push(tag);
      this.cursor.offset += length;
      return;
    }
    // UN because its own representation has a length of 16 bits only (PS3.5 6.2.2)
    const own = vr === 'UN' && length > MAX_SHORT_VALUE ? (lookupTag(tag)?.vr ?? vr) : vr;
    const value: DatasetValue[] = decodeValue(own, await this.cursor.take(length), this.decoder);
    if (tag === '00080005') this.decoder = decoderFor(value[0]);
    into[keyword] = value;
  }

  /** PS3.5 7.5; a sequence sent as UN of undefined length is in Implicit VR (PS3.5 6.2.2 note). */
  private async sequence(tag: string, length: number, depth: number, unknown: boolean): Promise<Dataset[]> {
    if (depth > this.limits.maxDepth)
      throw inputError('dicom-nesting', `Sequence ${tag} is nested deeper than ${this.limits.maxDepth}`);
    const before = this.implicit;
    if (unknown) this.implicit = true;
    const items: Dataset[] = [];
    const end = length === UNDEFINED_LENGTH ? Infinity : this.cursor.offset + length;
    while (this.cursor.offset < end) {
      const element = await this.header();
      if (element.tag === 'FFFEE0DD') break;
      if (element.tag !== 'FFFEE000')
        throw inputError('dicom-malformed', `Sequence ${tag} has ${element.tag} where an item should be`);
      items.push(await this.item(element.length, depth));
    }
    this.implicit = before;
    return items;
  }

  private async item(length: number, depth: number): Promise<Dataset> {
    const dataset: Dataset = {};
    const end = length === UNDEFINED_LENGTH ? Infinity : this.cursor.offset + length;
    while (this.cursor.offset < end) {
      const element = await this.header();
      if (element.tag === 'FFFEE00D') break;
      await this.read(element, dataset, depth);
    }
    return dataset;
  }
}

function hex(value: number): string {
  return value.toString(16).toUpperCase().padStart(4, '0');
}
