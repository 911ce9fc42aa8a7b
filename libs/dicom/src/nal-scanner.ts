import { isDeepStrictEqual } from 'node:util';
import { inputError } from '@smartbox/kernel';
import { Bits, rbspOf } from './bits.ts';
import { parseH264Sps, type H264Sps } from './h264-sps.ts';
import { parseHevcSps, type HevcSps } from './hevc-sps.ts';
import { StartCodes } from './start-codes.ts';

/** Longest part of a NAL unit that is looked at: parameter sets are shorter, of slices the header is enough. */
const HEADER = 512;

/** Pictures and parameter sets of an H.264 or HEVC byte stream (annex B of both), counted. */
export abstract class NalScanner<Sps extends H264Sps | HevcSps> {
  sps: Sps | undefined;
  /** All pictures that other pictures refer across to were kept apart: each GOP plays alone. */
  closedGop = true;
  /** In halves: a field is half a frame. */
  protected halves = 0;
  private readonly codes = new StartCodes(3 + HEADER, 3, (bytes) => this.found(bytes));

  /** Coded frames. */
  get frames(): number {
    return Math.ceil(this.halves / 2);
  }

  push(piece: Buffer, last = false): void {
    this.codes.push(piece, last);
  }

  private found(bytes: Buffer): void {
    const next = bytes.indexOf('\u0000\u0000\u0001', 3, 'latin1');
    const end = Math.min(3 + HEADER, next < 0 ? bytes.length : next);
    if (end > 3) this.unit(bytes.subarray(3, end));
  }

  protected abstract unit(nal: Buffer): void;

  /** @throws SmartBoxError `stream-changes`: one object has one size and one kind of sample */
  protected take(sps: Sps): void {
    const before = this.sps;
    if (before && !isDeepStrictEqual(withoutLevel(before), withoutLevel(sps))) {
      const now = `${sps.profile} ${sps.width}x${sps.height}`;
      const what = `${before.profile} ${before.width}x${before.height} becomes ${now}`;
      throw inputError('stream-changes', `The parameter sets of the stream differ: ${what}`);
    }
    this.sps = before && before.level >= sps.level ? before : sps;
  }

  /** @throws SmartBoxError `not-at-keyframe` */
  protected expectKey(isKey: boolean): void {
    if (this.halves > 0 || isKey) return;
    throw inputError(
      'not-at-keyframe',
      'The stream begins with a picture that cannot be decoded alone: cut it at a keyframe',
    );
  }
}

function withoutLevel<Sps extends H264Sps | HevcSps>({ level: _, ...sps }: Sps): Omit<Sps, 'level'> {
  return sps;
}

/** ISO/IEC 14496-10: NAL unit types of table 7-1, slice header of 7.3.3. */
export class H264Scanner extends NalScanner<H264Sps> {
  /** One may decode from the picture that comes (recovery point, D.1.8). */
  private recovers = false;

  protected unit(nal: Buffer): void {
    const type = nal.readUInt8(0) & 0x1f;
    if (type === 7) this.take(parseH264Sps(nal));
    else if (type === 6 && nal[1] === 6) this.recovers = true;
    else if (type === 1 || type === 5) this.slice(nal, type === 5);
  }

  private slice(nal: Buffer, isIdr: boolean): void {
    const bits = new Bits(rbspOf(nal.subarray(0, 32)).subarray(1));
    if (bits.ue() !== 0) return; // first_mb_in_slice: not the first slice of its picture
    this.expectKey(isIdr);
    // a random access point that is no IDR picture opens a GOP
    if (this.recovers && !isIdr) this.closedGop = false;
    this.recovers = false;
    bits.ue(); // slice_type
    bits.ue(); // pic_parameter_set_id
    bits.bits(this.sps?.frameNumBits ?? 4);
    const isField = this.sps?.interlaced === true && bits.bit() === 1;
    this.halves += isField ? 1 : 2;
  }
}

/** ISO/IEC 23008-2: NAL unit types of table 7-1, first_slice_segment_in_pic_flag of 7.3.6.1. */
export class HevcScanner extends NalScanner<HevcSps> {
  private firstIsCra = false;

  protected unit(nal: Buffer): void {
    const type = (nal.readUInt8(0) >> 1) & 0x3f;
    if (type === 33) this.take(parseHevcSps(nal));
    if (type > 21 || nal.length < 3 || (nal.readUInt8(2) & 0x80) === 0) return;
    this.expectKey(type >= 16);
    const isCra = type === 21;
    if (this.halves === 0) this.firstIsCra = isCra;
    else if (isCra) this.closedGop = false;
    // RASL pictures behind a CRA picture that nothing was before are never shown (8.1.3)
    if ((type === 8 || type === 9) && this.firstIsCra && this.closedGop) this.expectShown();
    this.halves += 2;
  }

  private expectShown(): void {
    const what = 'The stream begins inside an open GOP, its first leading pictures cannot be decoded';
    throw inputError('not-at-keyframe', `${what}: cut it at a keyframe`);
  }
}
