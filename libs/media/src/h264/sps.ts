import { inputError } from '@smartbox/kernel';
import { BitReader } from '../bits.ts';
import { NAL, nalType } from './nal.ts';

/** What a sequence parameter set says (ITU-T H.264 7.3.2.1.1 and annex E). */
export interface Sps {
  /** profile_idc: 66 Baseline, 77 Main, 100 High. */
  readonly profileIdc: number;
  /** 'Constrained Baseline', 'Main', 'High', ... */
  readonly profile: string;
  readonly constraintFlags: number;
  /** level_idc: 41 means level 4.1. */
  readonly levelIdc: number;
  /** After cropping, in luma samples. */
  readonly width: number;
  readonly height: number;
  readonly chroma: '4:0:0' | '4:2:0' | '4:2:2' | '4:4:4';
  readonly bitDepth: number;
  readonly interlaced: boolean;
  readonly refFrames: number;
  readonly sar: { readonly num: number; readonly den: number } | null;
  /** From the VUI timing, frames per second; null when absent. */
  readonly frameRate: { readonly num: number; readonly den: number } | null;
  readonly fixedFrameRate: boolean;
  readonly colour: { readonly primaries: number; readonly transfer: number; readonly matrix: number } | null;
  readonly fullRange: boolean;
  /** max_num_reorder_frames; 0 means no B-frame reordering; null when the stream does not say. */
  readonly reorderFrames: number | null;
}

const CHROMA = ['4:0:0', '4:2:0', '4:2:2', '4:4:4'] as const;
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
/** Table E-1, indices 1-16. */
const SAR: readonly (readonly [number, number])[] = [
  [1, 1],
  [12, 11],
  [10, 11],
  [16, 11],
  [40, 33],
  [24, 11],
  [20, 11],
  [32, 11],
  [80, 33],
  [18, 11],
  [15, 11],
  [64, 33],
  [160, 99],
  [4, 3],
  [3, 2],
  [2, 1],
];

export function profileName(profileIdc: number, constraintFlags: number): string {
  switch (profileIdc) {
    case 66:
      return constraintFlags & 0x40 ? 'Constrained Baseline' : 'Baseline';
    case 77:
      return 'Main';
    case 88:
      return 'Extended';
    case 100:
      return 'High';
    case 110:
      return 'High 10';
    case 122:
      return 'High 4:2:2';
    case 244:
      return 'High 4:4:4 Predictive';
    default:
      return `profile ${profileIdc}`;
  }
}

function skipScalingList(bits: BitReader, size: number): void {
  let last = 8;
  let next = 8;
  for (let i = 0; i < size; i++) {
    if (next !== 0) next = (last + bits.se() + 256) % 256;
    last = next === 0 ? last : next;
  }
}

/**
 * Parses a sequence parameter set NAL unit (with its one-byte header, without start code).
 * @throws SmartBoxError `bad-sps` when it is not an SPS or ends early.
 */
export function parseSps(nal: Uint8Array): Sps {
  if (nal.length < 4 || nalType(nal) !== NAL.sps)
    throw inputError(
      'bad-sps',
      `NAL unit of type ${nal.length > 0 ? nalType(nal) : 'none'} and ${nal.length} bytes is not a sequence parameter set (type 7)`,
    );
  try {
    return parse(nal);
  } catch (error) {
    if (error instanceof RangeError)
      throw inputError('bad-sps', `sequence parameter set of ${nal.length} bytes is damaged: ${error.message}`);
    throw error;
  }
}

function parse(nal: Uint8Array): Sps {
  const bits = new BitReader(nal.subarray(1));
  const profileIdc = bits.u(8);
  const constraintFlags = bits.u(8);
  const levelIdc = bits.u(8);
  bits.ue(); // seq_parameter_set_id
  let chromaIdc = 1;
  let bitDepth = 8;
  let separatePlanes = false;
  if (HIGH_PROFILES.has(profileIdc)) {
    chromaIdc = bits.ue();
    if (chromaIdc === 3) separatePlanes = bits.flag();
    bitDepth = Math.max(8 + bits.ue(), 8 + bits.ue());
    bits.flag(); // qpprime_y_zero_transform_bypass_flag
    if (bits.flag())
      for (let i = 0; i < (chromaIdc === 3 ? 12 : 8); i++) if (bits.flag()) skipScalingList(bits, i < 6 ? 16 : 64);
  }
  bits.ue(); // log2_max_frame_num_minus4
  const pocType = bits.ue();
  if (pocType === 0) bits.ue();
  else if (pocType === 1) {
    bits.flag();
    bits.se();
    bits.se();
    const cycle = bits.ue();
    for (let i = 0; i < cycle; i++) bits.se();
  }
  const refFrames = bits.ue();
  bits.flag(); // gaps_in_frame_num_value_allowed_flag
  const mbWidth = bits.ue() + 1;
  const mapHeight = bits.ue() + 1;
  const frameMbsOnly = bits.flag();
  if (!frameMbsOnly) bits.flag();
  bits.flag(); // direct_8x8_inference_flag
  let crop = { left: 0, right: 0, top: 0, bottom: 0 };
  if (bits.flag()) crop = { left: bits.ue(), right: bits.ue(), top: bits.ue(), bottom: bits.ue() };
  // 7.4.2.1.1: crop units depend on chroma and on frame or field coding
  const arrayType = separatePlanes ? 0 : chromaIdc;
  const unitX = arrayType === 1 || arrayType === 2 ? 2 : 1;
  const unitY = (arrayType === 1 ? 2 : 1) * (frameMbsOnly ? 1 : 2);
  return {
    profileIdc,
    profile: profileName(profileIdc, constraintFlags),
    constraintFlags,
    levelIdc,
    width: mbWidth * 16 - (crop.left + crop.right) * unitX,
    height: mapHeight * 16 * (frameMbsOnly ? 1 : 2) - (crop.top + crop.bottom) * unitY,
    chroma: CHROMA[chromaIdc] ?? '4:2:0',
    bitDepth,
    interlaced: !frameMbsOnly,
    refFrames,
    ...parseVui(bits),
  };
}

type Vui = Pick<Sps, 'sar' | 'frameRate' | 'fixedFrameRate' | 'colour' | 'fullRange' | 'reorderFrames'>;

function parseVui(bits: BitReader): Vui {
  const vui = {
    sar: null,
    frameRate: null,
    fixedFrameRate: false,
    colour: null,
    fullRange: false,
    reorderFrames: null,
  } as {
    -readonly [K in keyof Vui]: Vui[K];
  };
  if (!bits.flag()) return vui;
  if (bits.flag()) {
    const index = bits.u(8);
    const known = SAR[index - 1];
    if (index === 255) vui.sar = { num: bits.u(16), den: bits.u(16) };
    else if (known) vui.sar = { num: known[0], den: known[1] };
  }
  if (bits.flag()) bits.flag(); // overscan
  if (bits.flag()) {
    bits.u(3);
    vui.fullRange = bits.flag();
    if (bits.flag()) vui.colour = { primaries: bits.u(8), transfer: bits.u(8), matrix: bits.u(8) };
  }
  if (bits.flag()) {
    bits.ue();
    bits.ue();
  }
  if (bits.flag()) {
    const unitsInTick = bits.u(32);
    const timeScale = bits.u(32);
    vui.fixedFrameRate = bits.flag();
    if (unitsInTick > 0 && timeScale > 0) vui.frameRate = reduce(timeScale, unitsInTick * 2); // E.2.1: a tick is a field
  }
  const nalHrd = bits.flag();
  if (nalHrd) skipHrd(bits);
  const vclHrd = bits.flag();
  if (vclHrd) skipHrd(bits);
  if (nalHrd || vclHrd) bits.flag();
  bits.flag(); // pic_struct_present_flag
  if (bits.flag()) {
    bits.flag();
    for (let i = 0; i < 4; i++) bits.ue();
    vui.reorderFrames = bits.ue();
  }
  return vui;
}

function skipHrd(bits: BitReader): void {
  const count = bits.ue() + 1;
  bits.u(8);
  for (let i = 0; i < count; i++) {
    bits.ue();
    bits.ue();
    bits.flag();
  }
  bits.u(20);
}

export function reduce(num: number, den: number): { num: number; den: number } {
  let a = num;
  let b = den;
  while (b > 0) [a, b] = [b, a % b];
  return a > 0 ? { num: num / a, den: den / a } : { num, den };
}

/** Slice type of a slice NAL unit: 'B' pictures mean reordering (7.3.3, table 7-6). */
export function sliceType(nal: Uint8Array): 'P' | 'B' | 'I' | 'SP' | 'SI' {
  const bits = new BitReader(nal.subarray(1), 24);
  bits.ue(); // first_mb_in_slice
  return (['P', 'B', 'I', 'SP', 'SI'] as const)[bits.ue() % 5] ?? 'P';
}

/** RFC 6381 name of a stream: `avc1.640029` (profile, constraints, level in hex). */
export function codecString(sps: Pick<Sps, 'profileIdc' | 'constraintFlags' | 'levelIdc'>): string {
  return `avc1.${[sps.profileIdc, sps.constraintFlags, sps.levelIdc].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
