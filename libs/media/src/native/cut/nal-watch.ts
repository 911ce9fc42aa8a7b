import { ParameterSets } from './parameter-sets.ts';

/**
 * Follows the NAL units of samples with four-byte lengths that go by in pieces of any size, and finds parameter sets
 * that are not those of the stream.
 */
export class NalWatch {
  /** A parameter set went by that the stream has not told of. */
  stranger = false;
  private readonly sets: ParameterSets;
  /** Bytes left of the present sample, and of its present NAL unit. */
  private sample = 0;
  private unit = 0;
  private part: 'length' | 'head' | 'body' = 'length';
  private read: number[] = [];
  /** The parameter set that goes by. */
  private set: Buffer[] | null = null;

  constructor(sets: ParameterSets) {
    this.sets = sets;
  }

  /** @param nextSize length of the sample that begins where the one before ended */
  see(data: Buffer, nextSize: () => number): void {
    for (let at = 0; at < data.length;) {
      if (this.sample === 0) {
        this.sample = nextSize();
        this.part = 'length';
        this.read = [];
        if (this.sample === 0) return; // more bytes than samples: whoever counts them says so
      }
      const took = this.part === 'body' ? this.pass(data, at) : this.take(data[at] ?? 0);
      at += took;
      this.sample -= took;
    }
  }

  /** One byte of a length or of the header of a NAL unit. */
  private take(byte: number): 1 {
    this.read.push(byte);
    if (this.part === 'length' && this.read.length === 4) {
      // a length that reaches beyond its sample is nonsense: the rest of the sample passes unseen
      this.unit = Math.min(Buffer.from(this.read).readUInt32BE(0), this.sample - 1);
      this.read = [];
      if (this.unit > 0) this.part = 'head';
    } else if (this.part === 'head') {
      this.unit--;
      if (this.read.length === this.sets.codec.headerBytes || this.unit === 0) {
        const head = Buffer.from(this.read);
        this.set = this.sets.codec.isParameterSet(head) ? [head] : null;
        this.read = [];
        this.part = this.unit > 0 ? 'body' : 'length';
      }
    }
    return 1;
  }

  private pass(data: Buffer, at: number): number {
    const took = Math.min(this.unit, data.length - at, this.sample);
    this.set?.push(Buffer.from(data.subarray(at, at + took)));
    this.unit -= took;
    if (this.unit === 0) {
      if (this.set) this.judge(Buffer.concat(this.set));
      this.set = null;
      this.part = 'length';
    }
    return took;
  }

  private judge(nal: Buffer): void {
    const own = new ParameterSets(this.sets.codec);
    own.add(nal);
    if (!this.sets.holds(own)) this.stranger = true;
  }
}
