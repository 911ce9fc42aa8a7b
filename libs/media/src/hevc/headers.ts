import { inputError } from '@smartbox/kernel';
import { BitReader } from '../bits.ts';

/** What the header of a slice segment depends on (ITU-T H.265 7.3.2.2, 7.3.2.3). */
export interface HevcFormat {
  readonly chroma: number;
  readonly separatePlanes: boolean;
  readonly pocBits: number;
  readonly temporalMvp: boolean;
  readonly sao: boolean;
}

export interface HevcPictureFormat {
  readonly outputFlag: boolean;
  readonly extraBits: number;
  readonly cabacInit: boolean;
  /** Of list 0, unless a slice says otherwise. */
  readonly references: number;
  readonly chromaQpOffsets: boolean;
  readonly weighted: boolean;
  readonly tilesOrWavefronts: boolean;
  readonly deblockingOverride: boolean;
  readonly deblockingDisabled: boolean;
  readonly filterAcrossSlices: boolean;
  readonly extension: boolean;
}

/** Bits of the NAL unit header (7.3.1.2). */
export const NAL_HEADER_BITS = 16;

/** The first part of any SPS, up to its bit depths. */
export interface HevcSpsHead {
  readonly id: number;
  readonly subLayers: number;
  readonly nested: boolean;
  /** general_profile_space to general_level_idc: the first 12 bytes of profile_tier_level(), 7.3.3. */
  readonly general: Buffer;
  readonly interlaced: boolean;
  /** chroma_format_idc. */
  readonly chroma: number;
  readonly separatePlanes: boolean;
  readonly lumaBits: number;
  readonly chromaBits: number;
}

export const headOfHevcSps = (nal: Uint8Array): HevcSpsHead => readHead(new BitReader(nal, 512));

function readHead(bits: BitReader): HevcSpsHead {
  bits.u(NAL_HEADER_BITS + 4);
  const subLayers = bits.u(3);
  const nested = bits.flag();
  const general = Buffer.from(Array.from({ length: 12 }, () => bits.u(8)));
  const present = Array.from({ length: subLayers }, () => [bits.flag(), bits.flag()] as const);
  if (subLayers > 0) bits.u(2 * (8 - subLayers));
  for (const [profile, level] of present) bits.u((profile ? 88 : 0) + (level ? 8 : 0));
  const id = bits.ue();
  const chroma = bits.ue();
  const separatePlanes = chroma === 3 && bits.flag();
  bits.ue();
  bits.ue();
  if (bits.flag()) for (let i = 0; i < 4; i++) bits.ue(); // conformance window
  const lumaBits = bits.ue() + 8;
  const chromaBits = bits.ue() + 8;
  // general_progressive_source_flag and general_interlaced_source_flag
  const interlaced = ((general[5] ?? 0) & 0xc0) === 0x40;
  return { id, subLayers, nested, general, interlaced, chroma, separatePlanes, lumaBits, chromaBits };
}

/** Reads an SPS up to its VUI. @throws SmartBoxError `hevc-unusual` where it uses what is not read here. */
export function parseHevcSps(nal: Uint8Array): HevcFormat {
  const bits = new BitReader(nal);
  const { subLayers, chroma, separatePlanes } = readHead(bits);
  const pocBits = bits.ue() + 4;
  const each = bits.flag();
  for (let i = each ? 0 : subLayers; i <= subLayers; i++) for (let j = 0; j < 3; j++) bits.ue();
  for (let i = 0; i < 6; i++) bits.ue();
  if (bits.flag()) throw unusual('a scaling list');
  bits.flag();
  const sao = bits.flag();
  if (bits.flag()) throw unusual('PCM');
  if (bits.ue() > 0) throw unusual('reference picture sets in its SPS');
  if (bits.flag()) throw unusual('long-term references');
  const temporalMvp = bits.flag();
  return { chroma, separatePlanes, pocBits, temporalMvp, sao };
}

/** Reads a PPS. @throws SmartBoxError `hevc-unusual` */
export function parseHevcPps(nal: Uint8Array): HevcPictureFormat {
  const bits = new BitReader(nal);
  bits.u(NAL_HEADER_BITS);
  bits.ue();
  bits.ue();
  if (bits.flag()) throw unusual('dependent slices');
  const outputFlag = bits.flag();
  const extraBits = bits.u(3);
  bits.flag();
  const cabacInit = bits.flag();
  const references = bits.ue() + 1;
  bits.ue();
  bits.se();
  bits.flag();
  bits.flag();
  if (bits.flag()) bits.ue();
  bits.se();
  bits.se();
  const chromaQpOffsets = bits.flag();
  const weighted = bits.flag();
  bits.flag();
  bits.flag();
  const tiles = bits.flag();
  if (tiles) throw unusual('tiles');
  const tilesOrWavefronts = bits.flag();
  const filterAcrossSlices = bits.flag();
  let deblockingOverride = false;
  let deblockingDisabled = false;
  if (bits.flag()) {
    deblockingOverride = bits.flag();
    deblockingDisabled = bits.flag();
    if (!deblockingDisabled) {
      bits.se();
      bits.se();
    }
  }
  if (bits.flag()) throw unusual('a scaling list');
  bits.flag(); // of lists with one picture nothing can be modified
  bits.ue();
  const extension = bits.flag();
  return {
    ...{ outputFlag, extraBits, cabacInit, references, chromaQpOffsets, weighted, tilesOrWavefronts },
    ...{ deblockingOverride, deblockingDisabled, filterAcrossSlices, extension },
  };
}

export function unusual(what: string): Error {
  return inputError('hevc-unusual', `this HEVC stream uses ${what}, which is not read here`);
}
