import { Bits, rbspOf } from './bits.ts';

/** What a sequence parameter set says, ISO/IEC 14496-10 section 7.3.2.1.1. */
export interface H264Sps {
  profile: string;
  /** Level times ten. */
  level: number;
  width: number;
  height: number;
  chroma: '4:0:0' | '4:2:0' | '4:2:2' | '4:4:4';
  bitDepth: number;
  interlaced: boolean;
  /** Of frame_num in a slice header (7.4.3). */
  frameNumBits: number;
}

const withChroma = new Set([44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244]);
const chromas = ['4:0:0', '4:2:0', '4:2:2', '4:4:4'] as const;

function profileName(profile: number, constraints: number): string {
  const set = (index: number) => (constraints & (0x80 >> index)) !== 0;
  switch (profile) {
    case 66:
      return set(1) ? 'Constrained Baseline' : 'Baseline';
    case 77:
      return 'Main';
    case 88:
      return 'Extended';
    case 100:
      return set(4) ? (set(5) ? 'Constrained High' : 'Progressive High') : 'High';
    case 110:
      return 'High 10';
    case 122:
      return 'High 4:2:2';
    case 244:
      return 'High 4:4:4 Predictive';
    default:
      return `profile ${profile}`;
  }
}

function skipScalingLists(bits: Bits, chroma: number): void {
  for (let list = 0; list < (chroma === 3 ? 12 : 8); list++) {
    if (bits.bit() === 0) continue;
    let last = 8;
    let next = 8;
    for (let i = 0; i < (list < 6 ? 16 : 64); i++) {
      if (next !== 0) next = (last + bits.se() + 256) % 256;
      last = next === 0 ? last : next;
    }
  }
}

/** Parses a NAL unit of type 7, header byte included. Throws RangeError where it ends early. */
export function parseH264Sps(nal: Uint8Array): H264Sps {
  const bits = new Bits(rbspOf(nal).subarray(1));
  const profile = bits.bits(8);
  const constraints = bits.bits(8);
  const levelIdc = bits.bits(8);
  bits.ue();
  let chroma = 1;
  let bitDepth = 8;
  if (withChroma.has(profile)) {
    chroma = bits.ue();
    if (chroma === 3) bits.bit();
    bitDepth = 8 + Math.max(bits.ue(), bits.ue());
    bits.bit();
    if (bits.bit() === 1) skipScalingLists(bits, chroma);
  }
  const frameNumBits = bits.ue() + 4;
  const pocType = bits.ue();
  if (pocType === 0) bits.ue();
  if (pocType === 1) {
    bits.bit();
    bits.se();
    bits.se();
    for (let left = bits.ue(); left > 0; left--) bits.se();
  }
  bits.ue();
  bits.bit();
  const widthMbs = bits.ue() + 1;
  const heightUnits = bits.ue() + 1;
  const frameMbsOnly = bits.bit();
  if (frameMbsOnly === 0) bits.bit();
  bits.bit();
  const crop = bits.bit() === 1 ? [bits.ue(), bits.ue(), bits.ue(), bits.ue()] : [0, 0, 0, 0];
  const [left = 0, right = 0, top = 0, bottom = 0] = crop;
  const cropX = chroma === 1 || chroma === 2 ? 2 : 1;
  const cropY = (chroma === 1 ? 2 : 1) * (2 - frameMbsOnly);
  return {
    profile: profileName(profile, constraints),
    level: levelIdc === 11 && (constraints & 0x10) !== 0 && profile <= 88 ? 9 : levelIdc,
    width: widthMbs * 16 - cropX * (left + right),
    height: heightUnits * 16 * (2 - frameMbsOnly) - cropY * (top + bottom),
    chroma: chromas[chroma] ?? '4:2:0',
    bitDepth,
    interlaced: frameMbsOnly === 0,
    frameNumBits,
  };
}
