import { decodeText } from './character-set.ts';
import { ImplicitLittleEndian } from './sop-classes.ts';

/**
 * A small data set as a query needs it: flat elements and sequences, Implicit or Explicit VR Little Endian (PS3.5
 * sections 7.1 and 7.5). Reading is bounded in depth and never trusts a length; sequences are opened on demand, so
 * no data dictionary is needed.
 */
export class Dataset {
  readonly #elements: ReadonlyMap<number, Buffer>;
  readonly #explicit: boolean;
  readonly #characterSets: readonly string[];
  readonly #depth: number;

  private constructor(
    elements: ReadonlyMap<number, Buffer>,
    explicit: boolean,
    inherited: readonly string[],
    depth: number,
  ) {
    this.#elements = elements;
    this.#explicit = explicit;
    this.#depth = depth;
    const own = elements.get(Tag.SpecificCharacterSet);
    // An item without its own character set has that of the data set around it (PS3.3 C.12.1.1.2).
    this.#characterSets = own
      ? own
          .toString('latin1')
          .split('\\')
          .map((term) => term.replace(/[\0 ]+$/, '').trim())
      : inherited;
  }

  /** @throws RangeError when lengths do not add up. */
  static read(bytes: Buffer, transferSyntax: string): Dataset {
    const explicit = transferSyntax !== ImplicitLittleEndian;
    return new Dataset(readElements(bytes, explicit, 0), explicit, [], 0);
  }

  /** The decoded value without padding; undefined when it is absent or empty. Several values stay joined by `\`. */
  text(tag: number, kind: 'text' | 'name' | 'ascii' = 'ascii'): string | undefined {
    const bytes = this.#elements.get(tag);
    if (!bytes || bytes.length === 0) return undefined;
    const decoded =
      kind === 'ascii' ? bytes.toString('latin1') : decodeText(bytes, this.#characterSets, kind === 'name');
    const value = decoded.replace(/[\0 ]+$/, '').replace(/^ +/, '');
    return value === '' ? undefined : value;
  }

  /** Of VR US; undefined when it is absent or has another length. */
  unsigned(tag: number): number | undefined {
    const bytes = this.#elements.get(tag);
    return bytes?.length === 2 ? bytes.readUInt16LE(0) : undefined;
  }

  /** The items of a sequence; none when it is absent. @throws RangeError when it is malformed. */
  items(tag: number): Dataset[] {
    const bytes = this.#elements.get(tag);
    if (!bytes) return [];
    if (this.#depth >= MAX_DEPTH) throw new RangeError(`sequences deeper than ${MAX_DEPTH}`);
    const items: Dataset[] = [];
    let at = 0;
    while (at < bytes.length) {
      if (bytes.length - at < 8) throw new RangeError('a sequence that ends inside an item');
      const itemTag = bytes.readUInt16LE(at) * 0x10000 + bytes.readUInt16LE(at + 2);
      if (itemTag === SEQUENCE_END) break;
      if (itemTag !== ITEM) throw new RangeError('a sequence with something else than items');
      const length = bytes.readUInt32LE(at + 4);
      const end = length === UNDEFINED ? endOfItem(bytes, at + 8, this.#explicit, 0) : at + 8 + length;
      if (end > bytes.length) throw new RangeError('an item longer than its sequence');
      if (items.length >= MAX_ITEMS) throw new RangeError(`a sequence of more than ${MAX_ITEMS} items`);
      const elements = readElements(bytes.subarray(at + 8, end), this.#explicit, 0);
      items.push(new Dataset(elements, this.#explicit, this.#characterSets, this.#depth + 1));
      at = length === UNDEFINED ? end + 8 : end;
    }
    return items;
  }
}

/** Attributes that we read or write ourselves, PS3.6. */
export const Tag = {
  SpecificCharacterSet: 0x00080005,
  AccessionNumber: 0x00080050,
  Modality: 0x00080060,
  ReferringPhysicianName: 0x00080090,
  CodeValue: 0x00080100,
  CodingSchemeDesignator: 0x00080102,
  CodingSchemeVersion: 0x00080103,
  CodeMeaning: 0x00080104,
  LongCodeValue: 0x00080119,
  URNCodeValue: 0x00080120,
  ReferencedStudySequence: 0x00081110,
  ReferencedSOPClassUID: 0x00081150,
  ReferencedSOPInstanceUID: 0x00081155,
  TransactionUID: 0x00081195,
  FailureReason: 0x00081197,
  FailedSOPSequence: 0x00081198,
  ReferencedSOPSequence: 0x00081199,
  PatientName: 0x00100010,
  PatientID: 0x00100020,
  IssuerOfPatientID: 0x00100021,
  PatientBirthDate: 0x00100030,
  PatientSex: 0x00100040,
  StudyInstanceUID: 0x0020000d,
  RequestedProcedureDescription: 0x00321060,
  RequestedProcedureCodeSequence: 0x00321064,
  ScheduledStationAETitle: 0x00400001,
  ScheduledProcedureStepStartDate: 0x00400002,
  ScheduledProcedureStepStartTime: 0x00400003,
  ScheduledPerformingPhysicianName: 0x00400006,
  ScheduledProcedureStepDescription: 0x00400007,
  ScheduledProtocolCodeSequence: 0x00400008,
  ScheduledProcedureStepID: 0x00400009,
  ScheduledProcedureStepSequence: 0x00400100,
  RequestedProcedureID: 0x00401001,
} as const;

const ITEM = 0xfffee000;
const ITEM_END = 0xfffee00d;
const SEQUENCE_END = 0xfffee0dd;
const UNDEFINED = 0xffffffff;
const MAX_DEPTH = 8;
const MAX_ITEMS = 10_000;
/** VRs with a four-byte length in Explicit VR, PS3.5 section 7.1.2. */
const longVrs = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);

interface Header {
  tag: number;
  length: number;
  /** Where the value begins. */
  value: number;
}

function readHeader(bytes: Buffer, at: number, explicit: boolean): Header {
  if (bytes.length - at < 8) throw new RangeError('a data set that ends inside an element');
  const tag = bytes.readUInt16LE(at) * 0x10000 + bytes.readUInt16LE(at + 2);
  const delimiter = tag === ITEM || tag === ITEM_END || tag === SEQUENCE_END;
  if (!explicit || delimiter) return { tag, length: bytes.readUInt32LE(at + 4), value: at + 8 };
  const vr = bytes.toString('latin1', at + 4, at + 6);
  if (!longVrs.has(vr)) return { tag, length: bytes.readUInt16LE(at + 6), value: at + 8 };
  if (bytes.length - at < 12) throw new RangeError('a data set that ends inside an element');
  return { tag, length: bytes.readUInt32LE(at + 8), value: at + 12 };
}

function readElements(bytes: Buffer, explicit: boolean, depth: number): Map<number, Buffer> {
  const elements = new Map<number, Buffer>();
  let at = 0;
  while (at < bytes.length) {
    const { tag, length, value } = readHeader(bytes, at, explicit);
    const end = length === UNDEFINED ? endOfSequence(bytes, value, explicit, depth) : value + length;
    if (end > bytes.length) throw new RangeError(`an element of ${length} bytes in ${bytes.length - value}`);
    elements.set(tag, bytes.subarray(value, end));
    at = length === UNDEFINED ? end + 8 : end;
  }
  return elements;
}

/** Position of the delimiter that ends a sequence of undefined length, PS3.5 section 7.5.2. */
function endOfSequence(bytes: Buffer, from: number, explicit: boolean, depth: number): number {
  if (depth > MAX_DEPTH) throw new RangeError(`sequences deeper than ${MAX_DEPTH}`);
  let at = from;
  for (;;) {
    const { tag, length, value } = readHeader(bytes, at, explicit);
    if (tag === SEQUENCE_END) return at;
    if (tag !== ITEM) throw new RangeError('a sequence with something else than items');
    at = length === UNDEFINED ? endOfItem(bytes, value, explicit, depth + 1) + 8 : value + length;
  }
}

function endOfItem(bytes: Buffer, from: number, explicit: boolean, depth: number): number {
  let at = from;
  for (;;) {
    const { tag, length, value } = readHeader(bytes, at, explicit);
    if (tag === ITEM_END) return at;
    at = length === UNDEFINED ? endOfSequence(bytes, value, explicit, depth + 1) + 8 : value + length;
  }
}

/** One element to write: text is written in UTF-8, `items` makes it a sequence. */
export interface ElementToWrite {
  tag: number;
  vr: string;
  value: string | readonly (readonly ElementToWrite[])[];
}

/** Writes elements in tag order, padded to even length (PS3.5 section 6.2). Defined lengths throughout. */
export function writeDataset(elements: readonly ElementToWrite[], transferSyntax: string): Buffer {
  const explicit = transferSyntax !== ImplicitLittleEndian;
  const parts: Buffer[] = [];
  for (const element of [...elements].sort((a, b) => a.tag - b.tag)) {
    const value =
      typeof element.value === 'string' ? padded(element.value, element.vr) : sequence(element.value, transferSyntax);
    const header = Buffer.alloc(explicit && longVrs.has(element.vr) ? 12 : 8);
    header.writeUInt16LE(element.tag >>> 16, 0);
    header.writeUInt16LE(element.tag & 0xffff, 2);
    if (explicit) {
      header.write(element.vr, 4, 'latin1');
      if (header.length === 12) header.writeUInt32LE(value.length, 8);
      else header.writeUInt16LE(value.length, 6);
    } else header.writeUInt32LE(value.length, 4);
    parts.push(header, value);
  }
  return Buffer.concat(parts);
}

function padded(value: string, vr: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from(vr === 'UI' ? '\0' : ' ')]);
}

function sequence(items: readonly (readonly ElementToWrite[])[], transferSyntax: string): Buffer {
  const parts = items.map((item) => {
    const body = writeDataset(item, transferSyntax);
    const header = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0]);
    header.writeUInt32LE(body.length, 4);
    return Buffer.concat([header, body]);
  });
  return Buffer.concat(parts);
}
