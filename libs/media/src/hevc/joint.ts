import { HEVC_NAL, hevcNalType } from './nal.ts';

/** In the first byte behind the NAL unit header of an IRAP slice, after first_slice_segment_in_pic_flag (7.3.6.1). */
const NO_OUTPUT_OF_PRIOR_PICS = 0x40;

/**
 * A CRA picture (four-byte lengths) as a BLA picture, which is what it is behind a joint: its coded picture is the same,
 * but a decoder has to show what it holds back before it begins anew. At a CRA picture it has to drop that, whatever the
 * slice says (ITU-T H.265 C.5.2.2), and decoders that hand out one picture for each that they take do. The syntax of
 * both is the same (7.3.6.1); only the types in the NAL unit headers change, and the flag that would ask to drop all the
 * same, which a CRA picture may carry without effect.
 */
export function asBrokenLink(sample: Uint8Array): Buffer {
  const made = Buffer.from(sample);
  for (let at = 0; at + 6 < made.length;) {
    const size = made.readUInt32BE(at);
    const nal = made.subarray(at + 4, at + 4 + size);
    if (hevcNalType(nal) === HEVC_NAL.cra) {
      nal[0] = ((nal[0] ?? 0) & 0x81) | (HEVC_NAL.blaFirst << 1);
      nal[2] = (nal[2] ?? 0) & ~NO_OUTPUT_OF_PRIOR_PICS;
    }
    at += 4 + size;
  }
  return made;
}
