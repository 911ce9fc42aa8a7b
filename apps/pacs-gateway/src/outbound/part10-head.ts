import { inputError } from '@smartbox/kernel';

/** Where the data set of a Part 10 object begins, and in which transfer syntax it is. */
export interface Part10Head {
  offset: number;
  transferSyntaxUid: string;
}

/** Bytes that a File Meta Information never exceeds. */
export const MAX_HEAD_BYTES = 65_536;

const broken = (what: string) => inputError('not-dicom', `the object ${what} (PS3.10 section 7.1)`);

/**
 * Reads preamble, prefix and File Meta Information from the first bytes of an object; undefined when more are needed.
 * @throws SmartBoxError `not-dicom`.
 */
export function part10Head(bytes: Buffer): Part10Head | undefined {
  if (bytes.length < 144) return undefined;
  if (bytes.toString('latin1', 128, 132) !== 'DICM') throw broken('has no DICM prefix');
  if (bytes.readUInt32LE(132) !== 0x0000_0002 || bytes.toString('latin1', 136, 138) !== 'UL') {
    throw broken('has no File Meta Information Group Length');
  }
  const offset = 144 + bytes.readUInt32LE(140);
  if (offset > MAX_HEAD_BYTES) throw broken(`claims ${offset} bytes of File Meta Information`);
  if (bytes.length < offset) return undefined;
  let at = 144;
  while (at + 8 <= offset) {
    const element = bytes.readUInt16LE(at + 2);
    const long = /^(OB|OW|SQ|UN|UT)$/.test(bytes.toString('latin1', at + 4, at + 6));
    const length = long ? bytes.readUInt32LE(at + 8) : bytes.readUInt16LE(at + 6);
    const value = at + (long ? 12 : 8);
    if (value + length > offset) throw broken('ends inside its File Meta Information');
    if (element === 0x0010) {
      return { offset, transferSyntaxUid: bytes.toString('latin1', value, value + length).replace(/[\0 ]+$/, '') };
    }
    at = value + length;
  }
  throw broken('names no transfer syntax');
}
