import { ProtocolError } from './pdu.ts';

/**
 * A very small data set codec: little-endian, implicit or explicit VR (PS3.5 section 7.1), for command sets and
 * worklist identifiers. Independent of libs/dicom on purpose: a peer that shared our code would share its errors.
 */
export const ImplicitLittleEndian = '1.2.840.10008.1.2';
export const ExplicitLittleEndian = '1.2.840.10008.1.2.1';

/** Keys are eight hexadecimal digits; a sequence is a list of data sets. */
export type DataSet = Map<string, string | DataSet[]>;

const vrOf: Readonly<Record<string, string>> = {
  '00080005': 'CS', '00080050': 'SH', '00080054': 'AE', '00080060': 'CS', '00080080': 'LO', '00080090': 'PN',
  '00080100': 'SH', '00080102': 'SH', '00080103': 'SH', '00080104': 'LO', '00081032': 'SQ', '0008103E': 'LO', '00081050': 'PN',
  '00081070': 'PN', '00081110': 'SQ', '00081120': 'SQ', '00081140': 'SQ', '00081150': 'UI', '00081155': 'UI',
  '00081195': 'UI', '00081197': 'US', '00081198': 'SQ', '00081199': 'SQ', '00100010': 'PN', '00100020': 'LO',
  '00100021': 'LO', '00100030': 'DA', '00100040': 'CS', '00101030': 'DS', '00102000': 'LO', '00102110': 'LO',
  '001021C0': 'US', '00104000': 'LT', '00181030': 'LO', '0020000D': 'UI', '0020000E': 'UI', '00200010': 'SH',
  '00321032': 'PN', '00321033': 'LO', '00321060': 'LO', '00321064': 'SQ', '00380010': 'LO', '00380300': 'LO',
  '00380500': 'LO', '00400001': 'AE', '00400002': 'DA', '00400003': 'TM', '00400006': 'PN', '00400007': 'LO',
  '00400008': 'SQ', '00400009': 'SH', '00400010': 'SH', '00400011': 'SH', '00400012': 'LO', '00400020': 'CS',
  '00400100': 'SQ', '00400220': 'SQ', '00400241': 'AE', '00400242': 'SH', '00400243': 'SH', '00400244': 'DA',
  '00400245': 'TM', '00400250': 'DA', '00400251': 'TM', '00400252': 'CS', '00400253': 'SH', '00400254': 'LO',
  '00400255': 'LO', '00400260': 'SQ', '00400270': 'SQ', '00400281': 'SQ', '00400340': 'SQ', '00401001': 'SH', '00401003': 'SH',
  '00401008': 'LO', '00401400': 'LT',
}; // prettier-ignore

const LONG_FORM = new Set(['OB', 'OD', 'OF', 'OL', 'OW', 'SQ', 'UC', 'UN', 'UR', 'UT']);
const MAX_DEPTH = 8;
const UNDEFINED = 0xffffffff;

interface Cursor {
  bytes: Buffer;
  at: number;
  explicit: boolean;
}

const tagAt = (cursor: Cursor): string => {
  const group = cursor.bytes.readUInt16LE(cursor.at).toString(16).padStart(4, '0');
  return (
    group +
    cursor.bytes
      .readUInt16LE(cursor.at + 2)
      .toString(16)
      .padStart(4, '0')
  ).toUpperCase();
};

function readHeader(cursor: Cursor): { tag: string; vr: string; length: number } {
  const tag = tagAt(cursor);
  if (!cursor.explicit || tag.startsWith('FFFE')) {
    const length = cursor.bytes.readUInt32LE(cursor.at + 4);
    cursor.at += 8;
    return { tag, vr: vrOf[tag] ?? 'UN', length };
  }
  const vr = cursor.bytes.toString('latin1', cursor.at + 4, cursor.at + 6);
  const long = LONG_FORM.has(vr);
  const length = long ? cursor.bytes.readUInt32LE(cursor.at + 8) : cursor.bytes.readUInt16LE(cursor.at + 6);
  cursor.at += long ? 12 : 8;
  return { tag, vr, length };
}

function readSequence(cursor: Cursor, length: number, depth: number): DataSet[] {
  const end = length === UNDEFINED ? cursor.bytes.length : cursor.at + length;
  const found: DataSet[] = [];
  while (cursor.at < end) {
    const header = readHeader(cursor);
    if (header.tag === 'FFFEE0DD') return found;
    if (header.tag !== 'FFFEE000') throw new ProtocolError(`${header.tag} where an item should start`, 6);
    found.push(readElements(cursor, header.length === UNDEFINED ? undefined : cursor.at + header.length, depth + 1));
  }
  return found;
}

function readElements(cursor: Cursor, end: number | undefined, depth: number): DataSet {
  if (depth > MAX_DEPTH) throw new ProtocolError(`sequences nested deeper than ${MAX_DEPTH}`, 6);
  const set: DataSet = new Map();
  while (cursor.at < (end ?? cursor.bytes.length)) {
    const { tag, vr, length } = readHeader(cursor);
    if (tag === 'FFFEE00D') return set;
    if (vr === 'SQ' || length === UNDEFINED) {
      set.set(tag, readSequence(cursor, length, depth));
      continue;
    }
    if (cursor.at + length > cursor.bytes.length) throw new ProtocolError(`${tag} is longer than its data set`, 6);
    const raw = cursor.bytes.subarray(cursor.at, cursor.at + length);
    cursor.at += length;

    set.set(tag, raw.toString('utf8').replace(/[\u0000 ]+$/, ''));
  }
  return set;
}

/** @throws ProtocolError on anything that is not a data set. */
export function readDataSet(bytes: Buffer, transferSyntax: string): DataSet {
  try {
    return readElements({ bytes, at: 0, explicit: transferSyntax === ExplicitLittleEndian }, undefined, 0);
  } catch (error) {
    if (error instanceof RangeError) throw new ProtocolError('the data set is cut off', 6);
    throw error;
  }
}

function element(tag: string, value: string | DataSet[], explicit: boolean): Buffer {
  const vr = vrOf[tag] ?? (typeof value === 'string' ? 'LO' : 'SQ');
  let body: Buffer;
  if (vr === 'US' && typeof value === 'string' && value !== '') {
    body = Buffer.alloc(2);
    body.writeUInt16LE(Number(value), 0);
  } else if (typeof value === 'string') {
    body = Buffer.from(value, 'utf8');
    if (body.length % 2 === 1) body = Buffer.concat([body, Buffer.from(vr === 'UI' ? '\u0000' : ' ', 'latin1')]);
  } else {
    body = Buffer.concat(
      value.map((set) => {
        const item = writeDataSet(set, explicit ? ExplicitLittleEndian : ImplicitLittleEndian);
        const head = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0]);
        head.writeUInt32LE(item.length, 4);
        return Buffer.concat([head, item]);
      }),
    );
  }
  const head = Buffer.alloc(explicit && LONG_FORM.has(vr) ? 12 : 8);
  head.writeUInt16LE(parseInt(tag.slice(0, 4), 16), 0);
  head.writeUInt16LE(parseInt(tag.slice(4), 16), 2);
  if (explicit) head.write(vr, 4, 'latin1');
  if (!explicit) head.writeUInt32LE(body.length, 4);
  else if (LONG_FORM.has(vr)) head.writeUInt32LE(body.length, 8);
  else head.writeUInt16LE(body.length, 6);
  return Buffer.concat([head, body]);
}

export function writeDataSet(set: DataSet, transferSyntax: string): Buffer {
  const explicit = transferSyntax === ExplicitLittleEndian;
  const sorted = [...set].sort(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.concat(sorted.map(([tag, value]) => element(tag, value, explicit)));
}
