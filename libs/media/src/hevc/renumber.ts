import { BitReader, BitWriter } from '../bits.ts';
import {
  NAL_HEADER_BITS,
  parseHevcPps,
  parseHevcSps,
  unusual,
  type HevcFormat,
  type HevcPictureFormat,
} from './headers.ts';
import { HEVC_NAL, hevcNalType } from './nal.ts';

/**
 * Gives the parameter sets of a stream another id, and its slices with them, so that it can stand beside a stream that
 * uses the same ids in one `hvcC`: x265 numbers everything 0. Only what our own encoder writes is understood.
 */
export class HevcRenumbering {
  private readonly id: number;
  private readonly sps: HevcFormat;
  private readonly pps: HevcPictureFormat;

  /** @param sets VPS, SPS and PPS of the encoder. @throws SmartBoxError `hevc-unusual` */
  constructor(sets: readonly Uint8Array[], id: number) {
    this.id = id;
    const of = (type: number): Uint8Array => sets.find((nal) => hevcNalType(nal) === type) ?? new Uint8Array(0);
    this.sps = parseHevcSps(of(HEVC_NAL.sps));
    this.pps = parseHevcPps(of(HEVC_NAL.pps));
  }

  /** The NAL unit with its new ids; one without ids as it is. */
  nal(nal: Uint8Array): Uint8Array {
    const type = hevcNalType(nal);
    if (type === HEVC_NAL.vps) return this.vps(nal);
    if (type === HEVC_NAL.sps) return this.spsNal(nal);
    if (type === HEVC_NAL.pps) return this.ppsNal(nal);
    return type <= HEVC_NAL.lastSlice ? this.slice(nal, type) : nal;
  }

  /** vps_video_parameter_set_id, 7.3.2.1 */
  private vps(nal: Uint8Array): Buffer {
    const copy = new Copy(nal);
    copy.bits(NAL_HEADER_BITS);
    copy.replace((from) => from.u(4), (to) => to.u(4, this.id)); // prettier-ignore
    return copy.toEnd();
  }

  /** sps_video_parameter_set_id and sps_seq_parameter_set_id, 7.3.2.2 */
  private spsNal(nal: Uint8Array): Buffer {
    const copy = new Copy(nal);
    copy.bits(NAL_HEADER_BITS);
    copy.replace((from) => from.u(4), (to) => to.u(4, this.id)); // prettier-ignore
    const subLayers = copy.bits(3);
    if (subLayers > 0) throw unusual('temporal sub-layers');
    copy.bits(1 + 96);
    copy.replace((from) => from.ue(), (to) => to.ue(this.id)); // prettier-ignore
    return copy.toEnd();
  }

  /** pps_pic_parameter_set_id and pps_seq_parameter_set_id, 7.3.2.3 */
  private ppsNal(nal: Uint8Array): Buffer {
    const copy = new Copy(nal);
    copy.bits(NAL_HEADER_BITS);
    for (let i = 0; i < 2; i++) copy.replace((from) => from.ue(), (to) => to.ue(this.id)); // prettier-ignore
    return copy.toEnd();
  }

  /** slice_pic_parameter_set_id, 7.3.6.1: what follows in the header moves by some bits, the slice data by bytes. */
  private slice(nal: Uint8Array, type: number): Buffer {
    const copy = new Copy(nal);
    copy.bits(NAL_HEADER_BITS);
    if (copy.bits(1) === 0) throw unusual('several slices in a picture');
    if (type >= HEVC_NAL.blaFirst && type <= HEVC_NAL.lastIrap) copy.bits(1);
    copy.replace((from) => from.ue(), (to) => to.ue(this.id)); // prettier-ignore
    this.restOfHeader(copy, type === HEVC_NAL.idr || type === HEVC_NAL.idrWithLeading);
    return copy.toSliceData();
  }

  private restOfHeader(copy: Copy, idr: boolean): void {
    const { sps, pps } = this;
    copy.bits(pps.extraBits);
    const kind = copy.ue(); // 0 B, 1 P, 2 I
    if (pps.outputFlag) copy.bits(1);
    if (sps.separatePlanes) copy.bits(2);
    if (!idr) {
      copy.bits(sps.pocBits);
      if (copy.bits(1) === 1) throw unusual('reference picture sets in its SPS');
      this.referenceSet(copy);
      if (sps.temporalMvp) copy.bits(1);
    }
    let sao = false;
    if (sps.sao) {
      sao = copy.bits(1) === 1;
      if (sps.chroma !== 0 && !sps.separatePlanes) sao = copy.bits(1) === 1 || sao;
    }
    if (kind === 0) throw unusual('B slices');
    if (kind === 1) this.prediction(copy);
    copy.se();
    if (pps.chromaQpOffsets) for (let i = 0; i < 2; i++) copy.se();
    this.deblocking(copy, sao);
    if (pps.tilesOrWavefronts) {
      const entries = copy.ue();
      const length = entries > 0 ? copy.ue() + 1 : 0;
      for (let i = 0; i < entries; i++) copy.bits(length);
    }
    if (pps.extension) throw unusual('header extensions');
  }

  /** st_ref_pic_set(0), 7.3.7 */
  private referenceSet(copy: Copy): void {
    const pictures = copy.ue() + copy.ue();
    for (let i = 0; i < pictures; i++) {
      copy.ue();
      copy.bits(1);
    }
  }

  /** With one reference nothing is said of lists and of the collocated picture. */
  private prediction(copy: Copy): void {
    const { pps } = this;
    const references = copy.bits(1) === 1 ? copy.ue() + 1 : pps.references;
    if (references > 1) throw unusual('several references of a picture');
    if (pps.cabacInit) copy.bits(1);
    if (pps.weighted) throw unusual('weighted prediction');
    copy.ue();
  }

  private deblocking(copy: Copy, sao: boolean): void {
    const { pps } = this;
    let disabled = pps.deblockingDisabled;
    if (pps.deblockingOverride && copy.bits(1) === 1) {
      disabled = copy.bits(1) === 1;
      if (!disabled) for (let i = 0; i < 2; i++) copy.se();
    }
    if (pps.filterAcrossSlices && (sao || !disabled)) copy.bits(1);
  }
}

/** Copies a NAL unit bit by bit, with some values replaced. */
class Copy {
  private readonly from: BitReader;
  private readonly to = new BitWriter();

  constructor(nal: Uint8Array) {
    this.from = new BitReader(nal);
  }

  bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) {
      const bit = this.from.bit();
      this.to.bit(bit);
      value = value * 2 + bit;
    }
    return value;
  }

  ue(): number {
    const value = this.from.ue();
    this.to.ue(value);
    return value;
  }

  /** The value is of no interest, its bits are those of `ue`. */
  se(): void {
    this.ue();
  }

  replace(read: (from: BitReader) => void, write: (to: BitWriter) => void): void {
    read(this.from);
    write(this.to);
  }

  /** All that is left up to the stop bit, and a stop bit of its own (rbsp_trailing_bits). */
  toEnd(): Buffer {
    let last = 1;
    const rest: number[] = [];
    while (this.from.position < this.from.length) {
      const bit = this.from.bit();
      rest.push(bit);
      if (bit === 1) last = rest.length;
    }
    for (const bit of rest.slice(0, last - 1)) this.to.bit(bit);
    this.to.align();
    return this.to.nal();
  }

  /** byte_alignment(), and the slice data as they are. */
  toSliceData(): Buffer {
    if (this.from.bit() !== 1) throw unusual('a slice header of unknown form');
    this.to.align();
    return this.to.nal(this.from.rest());
  }
}
