import { BitReader } from '../../h264/bits.ts';
import { NAL, nalType } from '../../h264/nal.ts';

/** The SPS and PPS of a stream by their ids, in order of appearance (ITU-T H.264 7.4.1.2.1). */
export class ParameterSets {
  readonly sps = new Map<number, Buffer>();
  readonly pps = new Map<number, Buffer>();
  /** An id that was used for two different contents: then they cannot stand together in one `avcC`. */
  conflict = false;

  add(nal: Uint8Array): void {
    const type = nalType(nal);
    if (type === NAL.sps) this.put(this.sps, setId(nal), nal);
    else if (type === NAL.pps) this.put(this.pps, setId(nal), nal);
  }

  private put(into: Map<number, Buffer>, id: number, nal: Uint8Array): void {
    const known = into.get(id);
    if (!known) into.set(id, Buffer.from(nal));
    else if (!known.equals(nal)) this.conflict = true;
  }

  /** Whether the other's sets can stand beside these: no id with two contents. */
  agreesWith(other: ParameterSets): boolean {
    const agree = (mine: Map<number, Buffer>, theirs: Map<number, Buffer>): boolean =>
      [...theirs].every(([id, nal]) => mine.get(id)?.equals(nal) ?? true);
    return agree(this.sps, other.sps) && agree(this.pps, other.pps);
  }

  addAll(other: ParameterSets): void {
    for (const nal of [...other.sps.values(), ...other.pps.values()]) this.add(nal);
  }

  /** Every set of the other is among these, byte for byte. */
  holds(other: ParameterSets): boolean {
    const within = (mine: Map<number, Buffer>, theirs: Map<number, Buffer>): boolean =>
      [...theirs].every(([id, nal]) => mine.get(id)?.equals(nal) ?? false);
    return within(this.sps, other.sps) && within(this.pps, other.pps);
  }

  /** The smallest id that neither an SPS nor a PPS uses; null when all 32 SPS ids are taken. */
  freeId(): number | null {
    for (let id = 0; id < 32; id++) if (!this.sps.has(id) && !this.pps.has(id)) return id;
    return null;
  }

  /** `avcC` with all sets and four-byte lengths (ISO/IEC 14496-15 5.3.3.1.2). */
  avcC(): Buffer {
    const sps = [...this.sps.values()];
    const pps = [...this.pps.values()];
    const first = sps[0] ?? Buffer.alloc(4);
    const level = Math.max(...sps.map((nal) => nal[3] ?? 0));
    const parts: Buffer[] = [Buffer.from([1, first[1] ?? 0, first[2] ?? 0, level, 0xff, 0xe0 | sps.length])];
    const list = (nals: readonly Buffer[]): void => {
      for (const nal of nals) parts.push(Buffer.from([nal.length >> 8, nal.length & 0xff]), nal);
    };
    list(sps);
    parts.push(Buffer.from([pps.length]));
    list(pps);
    const extension = highExtension(first);
    if (extension) parts.push(extension);
    return Buffer.concat(parts);
  }
}

/** seq_parameter_set_id or pic_parameter_set_id. */
function setId(nal: Uint8Array): number {
  const bits = new BitReader(nal.subarray(1), 32);
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
