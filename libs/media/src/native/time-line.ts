/** Beyond this the source's clock has jumped, ticks of 90 kHz. */
const JUMP = 45_000;
/** A delay that lasts longer than this is no congestion: the source has paused. */
const CONGESTION = 90_000;
const SLACK = 2_700;
const SLEW = 9;

/**
 * Puts a source's own time stamps on the station's monotonic clock: the first frame is "now", the spacing is the
 * source's (arrival jitters, its clock does not). A slow drift between both clocks is followed by 0.1 ms a frame, a jump
 * of the source's clock and a pause begin anew from "now"; what arrives late in a burst keeps its place.
 * Times are ticks of 90 kHz; the result always grows.
 */
export class TimeLine {
  private readonly frameTicks: number;
  private offset: number | undefined;
  private last = -Infinity;
  private lastSource = 0;
  private lastNow: number | undefined;
  private drift = 0;
  private lateSince: number | undefined;

  constructor(frameTicks: number) {
    this.frameTicks = frameTicks;
  }

  /** Sets what is added to the source's times, where more than the first arrival is known. */
  anchor(offset: number): void {
    this.offset = offset;
  }

  /** @param now absent for what was read earlier: then only the source's own spacing counts. */
  map(source: number, now?: number): number {
    this.offset ??= (now ?? source) - source;
    if (now !== undefined) this.follow(source, now);
    this.lastSource = source;
    let at = source + this.offset;
    const expected = this.last + this.frameTicks;
    // time stamps in whole milliseconds (RTMP) would make a constant rate look variable
    if (Math.abs(at - expected) < this.frameTicks * 0.25) at = expected;
    if (at <= this.last) at = this.last + 1;
    this.last = at;
    return Math.round(at);
  }

  private follow(source: number, now: number): void {
    const error = now - (source + (this.offset ?? 0));
    if (this.jumped(source, now, error)) {
      this.offset = now - source;
      this.drift = 0;
      this.lateSince = undefined;
    } else if (Math.abs(error) <= JUMP) {
      this.drift += (error - this.drift) * 0.02;
      if (Math.abs(this.drift) > SLACK) this.offset = (this.offset ?? 0) + Math.sign(this.drift) * SLEW;
    }
    this.lastNow = now;
  }

  private jumped(source: number, now: number, error: number): boolean {
    const step = source - this.lastSource;
    if (this.lastNow !== undefined && (step < 0 || step > now - this.lastNow + JUMP) && Math.abs(error) > JUMP)
      return true;
    this.lateSince = error > JUMP ? (this.lateSince ?? now) : undefined;
    return this.lateSince !== undefined && now - this.lateSince > CONGESTION;
  }
}
