/** Reads bits of an RBSP: emulation prevention bytes are taken out first (ITU-T H.264 7.3.1, H.265 7.3.1.1). */
export class BitReader {
  private readonly bytes: Uint8Array;
  private at = 0;

  constructor(nal: Uint8Array, limit = nal.length) {
    this.bytes = withoutEmulationPrevention(nal, limit);
  }

  /** Bits read so far, and bits in all. */
  get position(): number {
    return this.at;
  }

  get length(): number {
    return this.bytes.length * 8;
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

  /** What is left, from the next whole byte on. */
  rest(): Uint8Array {
    return this.bytes.subarray((this.at + 7) >> 3);
  }
}

/** Writes the bits of an RBSP. */
export class BitWriter {
  private readonly bytes: number[] = [];
  private used = 0;

  u(count: number, value: number): void {
    for (let i = count - 1; i >= 0; i--) this.bit(Math.floor(value / 2 ** i) % 2);
  }

  ue(value: number): void {
    const length = Math.floor(Math.log2(value + 1));
    this.u(length, 0);
    this.u(length + 1, value + 1);
  }

  bit(value: number): void {
    if ((this.used & 7) === 0) this.bytes.push(0);
    if (value) this.bytes[this.bytes.length - 1] = (this.bytes.at(-1) ?? 0) | (0x80 >> (this.used & 7));
    this.used++;
  }

  /** A one and zeros up to the next whole byte (H.265 7.3.2.11, 7.3.2.12). */
  align(): void {
    this.bit(1);
    this.used = this.bytes.length * 8;
  }

  /** The RBSP so far and `more` behind it, with emulation prevention (H.265 7.4.2). */
  nal(more: Uint8Array = new Uint8Array(0)): Buffer {
    return withEmulationPrevention(Buffer.concat([Buffer.from(this.bytes), more]));
  }
}

function withoutEmulationPrevention(nal: Uint8Array, limit: number): Uint8Array {
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
  return out.subarray(0, size);
}

function withEmulationPrevention(rbsp: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(Math.ceil(rbsp.length * 1.5) + 1);
  let size = 0;
  let zeros = 0;
  for (const byte of rbsp) {
    if (zeros >= 2 && byte <= 3) {
      out[size++] = 3;
      zeros = 0;
    }
    out[size++] = byte;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return out.subarray(0, size);
}
