/** Beyond this the source's clock has jumped, ticks of 90 kHz. */
const JUMP = 45_000;
const SLACK = 2_700;
const SLEW = 9;

/**
 * Puts a source's own time stamps on the station's monotonic clock: the first frame is "now", the spacing is the
 * source's (arrival jitters, its clock does not). A slow drift between both clocks is followed by 0.1 ms a frame, a jump
 * of the source's clock starts anew from "now". Times are ticks of 90 kHz; the result always grows.
 */
export class TimeLine {
  private readonly frameTicks: number;
  private offset: number | undefined;
  private last = -Infinity;
  private drift = 0;

  constructor(frameTicks: number) {
    this.frameTicks = frameTicks;
  }

  map(source: number, now: number): number {
    this.offset ??= now - source;
    const error = now - (source + this.offset);
    if (Math.abs(error) > JUMP) {
      this.offset = now - source;
      this.drift = 0;
    } else {
      this.drift += (error - this.drift) * 0.02;
      if (Math.abs(this.drift) > SLACK) this.offset += Math.sign(this.drift) * SLEW;
    }
    let at = source + this.offset;
    const expected = this.last + this.frameTicks;
    // time stamps in whole milliseconds (RTMP) would make a constant rate look variable
    if (Math.abs(at - expected) < this.frameTicks * 0.25) at = expected;
    if (at <= this.last) at = this.last + 1;
    this.last = at;
    return Math.round(at);
  }
}
