/** Ticks per second of every time here: CLOCK_MONOTONIC in ticks of 90 kHz. */
export const TICKS_PER_SECOND = 90_000;

/** Less than a quarter of a second is a slow camera's long frame, not a loss. */
const SHORTEST_LOSS = TICKS_PER_SECOND / 4;

/**
 * Decides where GOPs begin: at multiples of the GOP's length on the station's monotonic clock, so that those of all
 * its sources begin together; and earlier where somebody asks for an IDR or time was lost.
 */
export class GopClock {
  private readonly gopTicks: number;
  private readonly frameTicks: number;
  private last: number | undefined;
  private asked = false;

  constructor(gopMs: number, frameTicks: number) {
    this.gopTicks = (gopMs * TICKS_PER_SECOND) / 1000;
    this.frameTicks = frameTicks;
  }

  /** The next picture begins a GOP. */
  ask(): void {
    this.asked = true;
  }

  /** Ticks lost before a picture at `pts`; 0 when it follows its predecessor. */
  lostBefore(pts: number): number {
    if (this.last === undefined) return 0;
    const lost = pts - this.last - this.frameTicks;
    return lost >= Math.max(this.frameTicks * 2.5, SHORTEST_LOSS) ? Math.round(lost) : 0;
  }

  /** Does the picture at `pts` begin a GOP? Call once per picture, in order. */
  begins(pts: number): boolean {
    // half a frame of tolerance: with 29.97 frames/s no picture lies exactly on the second
    const gop = Math.floor((pts + this.frameTicks / 2) / this.gopTicks);
    const before = this.last === undefined ? gop - 1 : Math.floor((this.last + this.frameTicks / 2) / this.gopTicks);
    const begins = this.asked || gop !== before || this.lostBefore(pts) > 0;
    this.asked = false;
    this.last = pts;
    return begins;
  }
}
