import { inputError } from '@smartbox/kernel';
import { BitReader } from '../../bits.ts';
import { NAL, nalType } from '../../h264/nal.ts';
import { headOfHevcSps } from '../../hevc/headers.ts';
import { HEVC_NAL, hevcNalType } from '../../hevc/nal.ts';
import type { NalCodec } from '../../video-nal.ts';

/**
 * The parameter sets of a stream by their kinds and ids, in order of appearance (ITU-T H.264 7.4.1.2.1, H.265
 * 7.4.2.4.2).
 */
export class ParameterSets {
  /** An id that was used for two different contents: then they cannot stand together in one `avcC` or `hvcC`. */
  conflict = false;
  readonly codec: NalCodec;
  private readonly sets = new Map<number, Map<number, Buffer>>();

  constructor(codec: NalCodec) {
    this.codec = codec;
  }

  add(nal: Uint8Array): void {
    if (!this.codec.isParameterSet(nal)) return;
    const type = typeOf(this.codec, nal);
    const id = idOf(this.codec, nal);
    const known = this.of(type).get(id);
    if (!known) this.of(type).set(id, Buffer.from(nal));
    else if (!known.equals(nal)) this.conflict = true;
  }

  private of(type: number): Map<number, Buffer> {
    let found = this.sets.get(type);
    if (!found) this.sets.set(type, (found = new Map<number, Buffer>()));
    return found;
  }

  /** All of them, VPS before SPS before PPS. */
  all(): Buffer[] {
    return [...this.sets].toSorted(([a], [b]) => a - b).flatMap(([, sets]) => [...sets.values()]);
  }

  get sps(): readonly Buffer[] {
    return [...this.of(this.codec.name === 'h264' ? NAL.sps : HEVC_NAL.sps).values()];
  }

  /** Whether the other's sets can stand beside these: no id with two contents. */
  agreesWith(other: ParameterSets): boolean {
    return this.compare(other, true);
  }

  /** Every set of the other is among these, byte for byte. */
  holds(other: ParameterSets): boolean {
    return this.compare(other, false);
  }

  private compare(other: ParameterSets, unknown: boolean): boolean {
    return [...other.sets].every(([type, theirs]) =>
      [...theirs].every(([id, nal]) => this.of(type).get(id)?.equals(nal) ?? unknown),
    );
  }

  addAll(other: ParameterSets): void {
    for (const nal of other.all()) this.add(nal);
  }

  /** The smallest id that no set uses; null when all are taken. */
  freeId(): number | null {
    const all = [...this.sets.values()];
    const ids = this.codec.name === 'h264' ? 32 : 16;
    for (let id = 0; id < ids; id++) if (!all.some((sets) => sets.has(id))) return id;
    return null;
  }

  /** `avcC` or `hvcC` with all sets and four-byte lengths (ISO/IEC 14496-15 5.3.3.1.2, 8.3.3.1.2). */
  record(): Buffer {
    return this.codec.name === 'h264' ? this.avcC() : this.hvcC();
  }

  private avcC(): Buffer {
    const { sps } = this;
    const pps = [...this.of(NAL.pps).values()];
    const first = sps[0] ?? Buffer.alloc(4);
    const level = Math.max(...sps.map((nal) => nal[3] ?? 0));
    const extension = highExtension(first);
    return Buffer.concat([
      Buffer.from([1, first[1] ?? 0, first[2] ?? 0, level, 0xff, 0xe0 | sps.length]),
      ...sps.flatMap(sized),
      Buffer.from([pps.length]),
      ...pps.flatMap(sized),
      ...(extension ? [extension] : []),
    ]);
  }

  /** Profile, tier and flags are those of the first SPS, the level is the highest. */
  private hvcC(): Buffer {
    const heads = this.sps.map(headOfHevcSps);
    const [first] = heads;
    if (!first) throw inputError('no-parameter-sets', 'a stream without a sequence parameter set cannot be kept');
    const general = Buffer.from(first.general);
    general[11] = Math.max(...heads.map((head) => head.general[11] ?? 0));
    const arrays = [HEVC_NAL.vps, HEVC_NAL.sps, HEVC_NAL.pps].map((type) => {
      const nals = [...this.of(type).values()];
      // array_completeness: all of this type stand here, none in the samples
      return Buffer.concat([Buffer.from([0x80 | type, nals.length >> 8, nals.length & 0xff]), ...nals.flatMap(sized)]);
    });
    const { chroma, lumaBits, chromaBits, subLayers, nested } = first;
    return Buffer.concat([
      Buffer.from([1]),
      general,
      // spatial segmentation, parallelism and frame rate are not said
      Buffer.from([0xf0, 0, 0xfc, 0xfc | chroma, 0xf8 | (lumaBits - 8), 0xf8 | (chromaBits - 8), 0, 0]),
      Buffer.from([((subLayers + 1) << 3) | (nested ? 4 : 0) | 3, arrays.length]),
      ...arrays,
    ]);
  }
}

const sized = (nal: Buffer): Buffer[] => [Buffer.from([nal.length >> 8, nal.length & 0xff]), nal];

const typeOf = (codec: NalCodec, nal: Uint8Array): number => (codec.name === 'h264' ? nalType(nal) : hevcNalType(nal));

/** Which id a parameter set defines. */
function idOf(codec: NalCodec, nal: Uint8Array): number {
  if (codec.name === 'hevc' && hevcNalType(nal) === HEVC_NAL.sps) return headOfHevcSps(nal).id;
  const bits = new BitReader(nal.subarray(codec.headerBytes), 32);
  if (codec.name === 'hevc') return hevcNalType(nal) === HEVC_NAL.vps ? bits.u(4) : bits.ue();
  if (nalType(nal) === NAL.sps) bits.u(24);
  return bits.ue();
}

/** chroma_format, bit depths and the (empty) list of SPS extensions, which the High profiles need. */
function highExtension(sps: Buffer): Buffer | null {
  if (![100, 110, 122, 144, 244].includes(sps[1] ?? 0)) return null;
  const bits = new BitReader(sps.subarray(4), 32);
  bits.ue();
  const chroma = bits.ue();
  if (chroma === 3) bits.flag();
  return Buffer.from([0xfc | chroma, 0xf8 | bits.ue(), 0xf8 | bits.ue(), 0]);
}
