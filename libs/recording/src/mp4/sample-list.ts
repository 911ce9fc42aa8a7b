import { findBox, readBoxes } from './boxes.ts';

/** Samples of a track in decoding order, column by column: an hour of film is a few megabytes. */
export class SampleList {
  readonly count: number;
  /** Byte in the file. */
  readonly offsets: Float64Array;
  readonly sizes: Uint32Array;
  /** Decoding time, ticks. */
  readonly decoding: Float64Array;
  /** Ticks from decoding to presentation. */
  readonly compositions: Int32Array;
  /** Ticks to the next sample. */
  readonly durations: Uint32Array;
  /** 1: can be decoded without those before. */
  readonly sync: Uint8Array;
  /** From 1, the sample entry that holds. */
  readonly descriptions: Uint16Array;

  constructor(count: number) {
    this.count = count;
    this.offsets = new Float64Array(count);
    this.sizes = new Uint32Array(count);
    this.decoding = new Float64Array(count);
    this.compositions = new Int32Array(count);
    this.durations = new Uint32Array(count);
    this.sync = new Uint8Array(count);
    this.descriptions = new Uint16Array(count).fill(1);
  }

  /** Of `stbl` (ISO/IEC 14496-12 sections 8.6 and 8.7). @throws RangeError where tables contradict each other. */
  static ofTables(stbl: Buffer): SampleList {
    const boxes = new Map([...readBoxes(stbl)].map(({ type, body }) => [type, body]));
    const stsz = boxes.get('stsz');
    if (!stsz) throw new RangeError('no stsz');
    const same = stsz.readUInt32BE(4);
    const count = stsz.readUInt32BE(8);
    if (same === 0 && stsz.length < 12 + 4 * count) throw new RangeError(`stsz claims ${count} samples`);
    if (count > 100_000_000) throw new RangeError(`${count} samples`);
    const list = new SampleList(count);
    for (let i = 0; i < count; i++) list.sizes[i] = same || stsz.readUInt32BE(12 + 4 * i);
    list.#times(findBox(stbl, 'stts').body, boxes.get('ctts'));
    list.#places(findBox(stbl, 'stsc').body, boxes.get('co64') ?? findBox(stbl, 'stco').body, boxes.has('co64'));
    const stss = boxes.get('stss');
    if (!stss) list.sync.fill(1);
    else for (let i = 0; i < stss.readUInt32BE(4); i++) list.sync[stss.readUInt32BE(8 + 4 * i) - 1] = 1;
    return list;
  }

  #times(stts: Buffer, ctts: Buffer | undefined): void {
    let at = 0;
    let time = 0;
    for (let row = 0; row < stts.readUInt32BE(4); row++) {
      const delta = stts.readUInt32BE(12 + 8 * row);
      const end = Math.min(this.count, at + stts.readUInt32BE(8 + 8 * row));
      for (; at < end; at++, time += delta) {
        this.decoding[at] = time;
        this.durations[at] = delta;
      }
    }
    if (at < this.count) throw new RangeError(`stts has ${at} of ${this.count} samples`);
    if (!ctts) return;
    at = 0;
    for (let row = 0; row < ctts.readUInt32BE(4); row++) {
      // signed also in version 0: writers put negative offsets there
      const offset = ctts.readInt32BE(12 + 8 * row);
      const end = Math.min(this.count, at + ctts.readUInt32BE(8 + 8 * row));
      this.compositions.fill(offset, at, end);
      at = end;
    }
  }

  #places(stsc: Buffer, offsets: Buffer, wide: boolean): void {
    const chunks = offsets.readUInt32BE(4);
    const rows = stsc.readUInt32BE(4);
    let row = -1;
    let perChunk = 0;
    let description = 1;
    let sample = 0;
    for (let chunk = 1; chunk <= chunks && sample < this.count; chunk++) {
      while (row + 1 < rows && stsc.readUInt32BE(8 + 12 * (row + 1)) <= chunk) {
        row++;
        perChunk = stsc.readUInt32BE(12 + 12 * row);
        description = stsc.readUInt32BE(16 + 12 * row);
      }
      let offset = wide ? Number(offsets.readBigUInt64BE(8 * chunk)) : offsets.readUInt32BE(4 + 4 * chunk);
      for (let i = 0; i < perChunk && sample < this.count; i++, sample++) {
        this.offsets[sample] = offset;
        this.descriptions[sample] = description;
        offset += this.sizes[sample] ?? 0;
      }
    }
    if (sample < this.count) throw new RangeError(`the chunks hold ${sample} of ${this.count} samples`);
  }
}
