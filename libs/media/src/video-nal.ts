import { HEVC_NAL, hevcNalType } from './hevc/nal.ts';
import { NAL, nalType } from './h264/nal.ts';

/** How decoding can begin at a picture. `open`: what follows may need pictures before it. */
export type EntryKind = 'idr' | 'cra' | 'open';

/** What a cut has to know of NAL units, for the two codecs it copies. */
export interface NalCodec {
  readonly name: 'h264' | 'hevc';
  /** Bytes of the NAL unit header. */
  readonly headerBytes: number;
  isSlice(nal: Uint8Array): boolean;
  isParameterSet(nal: Uint8Array): boolean;
  isDelimiter(nal: Uint8Array): boolean;
  /** Of a slice: how decoding can begin at its picture. */
  entryOf(nal: Uint8Array): EntryKind;
}

/** ITU-T H.264 table 7-1. Decoding begins at IDR pictures only: after a recovery point it is not exact. */
export const H264: NalCodec = {
  name: 'h264',
  headerBytes: 1,
  isSlice: (nal) => nalType(nal) >= NAL.slice && nalType(nal) <= NAL.idr,
  isParameterSet: (nal) => nalType(nal) === NAL.sps || nalType(nal) === NAL.pps,
  isDelimiter: (nal) => nalType(nal) === NAL.aud,
  entryOf: (nal) => (nalType(nal) === NAL.idr ? 'idr' : 'open'),
};

/**
 * ITU-T H.265 table 7-1. At a CRA picture it begins, too, without the leading pictures that need those before it; and at
 * a BLA picture, which is one at a joint.
 */
export const HEVC: NalCodec = {
  name: 'hevc',
  headerBytes: 2,
  isSlice: (nal) => hevcNalType(nal) <= HEVC_NAL.lastSlice,
  isParameterSet: (nal) => hevcNalType(nal) >= HEVC_NAL.vps && hevcNalType(nal) <= HEVC_NAL.pps,
  isDelimiter: (nal) => hevcNalType(nal) === HEVC_NAL.delimiter,
  entryOf: (nal) => {
    const type = hevcNalType(nal);
    if (type === HEVC_NAL.idr || type === HEVC_NAL.idrWithLeading) return 'idr';
    const broken = type >= HEVC_NAL.blaFirst && type <= HEVC_NAL.blaLast;
    return type === HEVC_NAL.cra || broken ? 'cra' : 'open';
  },
};

export const codecNamed = (name: string): NalCodec | undefined => [H264, HEVC].find((codec) => codec.name === name);
