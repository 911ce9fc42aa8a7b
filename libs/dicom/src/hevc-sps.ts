import { Bits, rbspOf } from './bits.ts';

/** What a sequence parameter set of HEVC says, ISO/IEC 23008-2 sections 7.3.2.2 and 7.3.3. */
export interface HevcSps {
  /** `Main`, `Main 10`, ... as the codec names it. */
  profile: string;
  tier: 'Main' | 'High';
  /** Level times ten. */
  level: number;
  /** Luma samples after cropping. */
  width: number;
  height: number;
  chroma: '4:0:0' | '4:2:0' | '4:2:2' | '4:4:4';
  bitDepth: number;
  interlaced: boolean;
}

const profiles: Record<number, string> = { 1: 'Main', 2: 'Main 10', 3: 'Main Still Picture', 4: 'Rext' };
const chromas = ['4:0:0', '4:2:0', '4:2:2', '4:4:4'] as const;
const SPS = 33;

/** profile_tier_level(1, maxSubLayersMinus1). */
function profileTierLevel(bits: Bits, subLayers: number): Pick<HevcSps, 'profile' | 'tier' | 'level' | 'interlaced'> {
  bits.bits(2);
  const high = bits.bit() === 1;
  const idc = bits.bits(5);
  const compatible = bits.bits(32);
  const progressive = bits.bit();
  const interlaced = bits.bit();
  bits.bits(46); // the other constraint flags
  const level = Math.round(bits.bits(8) / 3);
  const present = Array.from({ length: subLayers }, () => ({ profile: bits.bit() === 1, level: bits.bit() === 1 }));
  if (subLayers > 0) for (let i = subLayers; i < 8; i++) bits.bits(2);
  for (const each of present) {
    if (each.profile) bits.bits(88);
    if (each.level) bits.bits(8);
  }
  // a stream of profile_idc 0 is what its compatibility flags say
  const named = idc !== 0 ? idc : [1, 2].find((each) => (compatible & (2 ** (31 - each))) !== 0);
  return {
    profile: profiles[named ?? 0] ?? `profile ${idc}`,
    tier: high ? 'High' : 'Main',
    level,
    interlaced: interlaced === 1 && progressive === 0,
  };
}

/** Parses a NAL unit of type 33, its two header bytes included. Throws RangeError where it ends early. */
export function parseHevcSps(nal: Uint8Array): HevcSps {
  const bits = new Bits(rbspOf(nal).subarray(2));
  bits.bits(4);
  const subLayers = bits.bits(3);
  bits.bit();
  const general = profileTierLevel(bits, subLayers);
  bits.ue();
  const chroma = bits.ue();
  if (chroma === 3) bits.bit();
  const codedWidth = bits.ue();
  const codedHeight = bits.ue();
  const crop = bits.bit() === 1 ? [bits.ue(), bits.ue(), bits.ue(), bits.ue()] : [0, 0, 0, 0];
  const [left = 0, right = 0, top = 0, bottom = 0] = crop;
  const bitDepth = 8 + Math.max(bits.ue(), bits.ue());
  return {
    ...general,
    width: codedWidth - (chroma === 1 || chroma === 2 ? 2 : 1) * (left + right),
    height: codedHeight - (chroma === 1 ? 2 : 1) * (top + bottom),
    chroma: chromas[chroma] ?? '4:2:0',
    bitDepth,
  };
}

/** The first sequence parameter set of a decoder configuration record (hvcC), ISO/IEC 14496-15 8.3.3.1. */
export function spsOfHvcC(hvcC: Buffer): Uint8Array | undefined {
  let at = 23;
  for (let arrays = hvcC.readUInt8(22); arrays > 0; arrays--) {
    const type = hvcC.readUInt8(at) & 0x3f;
    const count = hvcC.readUInt16BE(at + 1);
    at += 3;
    for (let i = 0; i < count; i++) {
      const length = hvcC.readUInt16BE(at);
      if (type === SPS) return hvcC.subarray(at + 2, at + 2 + length);
      at += 2 + length;
    }
  }
  return undefined;
}
