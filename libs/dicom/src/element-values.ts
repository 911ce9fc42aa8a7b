import type { DatasetValue } from './dataset.ts';

// Specific Character Set (0008,0005) -> label of TextDecoder, PS3.3 C.12.1.1.2
const charsets: Record<string, string> = {
  'ISO_IR 192': 'utf-8',
  'ISO_IR 100': 'iso-8859-1',
  'ISO_IR 101': 'iso-8859-2',
  'ISO_IR 109': 'iso-8859-3',
  'ISO_IR 110': 'iso-8859-4',
  'ISO_IR 144': 'iso-8859-5',
  'ISO_IR 127': 'iso-8859-6',
  'ISO_IR 126': 'iso-8859-7',
  'ISO_IR 138': 'iso-8859-8',
  'ISO_IR 148': 'iso-8859-9',
  'ISO_IR 203': 'iso-8859-15',
  'ISO_IR 13': 'shift_jis',
  GB18030: 'gb18030',
  GBK: 'gbk',
};

export type Decoder = InstanceType<typeof TextDecoder>;

/** Decoder for a Specific Character Set; without code extensions, the default repertoire is read as Latin-1. */
export function decoderFor(characterSet: DatasetValue | undefined): Decoder {
  const name = typeof characterSet === 'string' ? characterSet.replace('ISO 2022 IR', 'ISO_IR') : '';
  return new TextDecoder(charsets[name] ?? 'iso-8859-1');
}

// An extended text is in the character set of the object, the rest is ASCII (PS3.5 6.1.2.2).
const extended = new Set(['LO', 'LT', 'PN', 'SH', 'ST', 'UC', 'UT']);
const unsplit = new Set(['LT', 'ST', 'UT', 'UR']);
const ascii = new Set(['AE', 'AS', 'CS', 'DA', 'DS', 'DT', 'IS', 'TM', 'UI', 'UR']);

type Read = (bytes: Buffer, offset: number) => number;
const binary: Record<string, readonly [size: number, read: Read]> = {
  US: [2, (b, at) => b.readUInt16LE(at)],
  SS: [2, (b, at) => b.readInt16LE(at)],
  UL: [4, (b, at) => b.readUInt32LE(at)],
  SL: [4, (b, at) => b.readInt32LE(at)],
  FL: [4, (b, at) => b.readFloatLE(at)],
  FD: [8, (b, at) => b.readDoubleLE(at)],
  UV: [8, (b, at) => Number(b.readBigUInt64LE(at))],
  SV: [8, (b, at) => Number(b.readBigInt64LE(at))],
  // a tag: group, then element, as one number
  AT: [4, (b, at) => b.readUInt16LE(at) * 0x1_0000 + b.readUInt16LE(at + 2)],
  // ambiguous in the dictionary
  xs: [2, (b, at) => b.readUInt16LE(at)],
};

/** Values of an element (PS3.5 6.2): numbers for numeric representations, base64 for bytes. */
export function decodeValue(vr: string, bytes: Buffer, decoder: Decoder): DatasetValue[] {
  if (bytes.length === 0) return [];
  if (extended.has(vr) || ascii.has(vr)) return decodeText(vr, bytes, decoder);
  const numeric = binary[vr];
  if (!numeric) return [bytes.toString('base64')];
  const [size, read] = numeric;
  const values: number[] = [];
  for (let at = 0; at + size <= bytes.length; at += size) values.push(read(bytes, at));
  return values;
}

function decodeText(vr: string, bytes: Buffer, decoder: Decoder): DatasetValue[] {
  const whole = (extended.has(vr) ? decoder.decode(bytes) : bytes.toString('latin1')).replace(/[\0 ]+$/, '');
  const values = unsplit.has(vr) ? [whole] : whole.split('\\').map((each) => each.trim());
  if (vr !== 'IS' && vr !== 'DS') return values;
  return values.filter((each) => each !== '').map(Number);
}
