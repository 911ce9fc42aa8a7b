/** Reads bits of an RBSP: emulation prevention bytes are taken out first (ITU-T H.264 7.3.1). */
export class BitReader {
  private readonly bytes: Uint8Array;
  private at = 0;

  constructor(nal: Uint8Array, limit = nal.length) {
    const out = new Uint8Array(Math.min(nal.length, limit));
    let size = 0;
    let zeros = 0;
    for (let i = 0; i < out.length; i++) {
      const byte = nal[i] ?? 0;
      if (zeros >= 2 && byte === 3) {
        zeros = 0;
        continue;
      }
      zeros = byte === 0 ? zeros + 1 : 0;
      out[size++] = byte;
    }
    this.bytes = out.subarray(0, size);
  }

  bit(): number {
    if (this.at >= this.bytes.length * 8) throw new RangeError('the bit stream ends early');
    const bit = ((this.bytes[this.at >> 3] ?? 0) >> (7 - (this.at & 7))) & 1;
    this.at++;
    return bit;
  }

  u(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 2 + this.bit();
    return value;
  }

  flag(): boolean {
    return this.bit() === 1;
  }

  /** Unsigned Exp-Golomb (9.1). */
  ue(): number {
    let zeros = 0;
    while (this.bit() === 0) if (++zeros > 32) throw new RangeError('an Exp-Golomb code is longer than 32 bits');
    return 2 ** zeros - 1 + this.u(zeros);
  }

  se(): number {
    const code = this.ue();
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
  }
}
