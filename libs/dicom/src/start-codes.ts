/**
 * Finds start codes (00 00 01: ISO/IEC 13818-2 6.2.1, annex B of ISO/IEC 14496-10 and 23008-2) in a byte stream that comes
 * in pieces; one may lie across two of them.
 */
export class StartCodes {
  private readonly lookAhead: number;
  private readonly step: number;
  private readonly take: (bytes: Buffer) => void;
  private rest: Buffer = Buffer.alloc(0);

  /**
   * @param lookAhead bytes from the start code on that have to be there, unless the stream ends
   * @param step from a start code to where the next one is looked for
   * @param take gets all bytes that are there, from the start code on
   */
  constructor(lookAhead: number, step: number, take: (bytes: Buffer) => void) {
    this.lookAhead = lookAhead;
    this.step = step;
    this.take = take;
  }

  push(piece: Buffer, last: boolean): void {
    const bytes = this.rest.length > 0 ? Buffer.concat([this.rest, piece]) : piece;
    let at = 0;
    for (;;) {
      const found = bytes.indexOf('\u0000\u0000\u0001', at, 'latin1');
      if (found < 0) {
        at = Math.max(at, bytes.length - 2);
        break;
      }
      if (found + this.lookAhead > bytes.length && !last) {
        at = found;
        break;
      }
      this.take(bytes.subarray(found));
      at = found + this.step;
    }
    this.rest = Buffer.from(bytes.subarray(at));
  }
}
