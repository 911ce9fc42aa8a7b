const WINDOW_MS = 1_000;
/** The clocks of a camera and of this machine run apart by this much of the time at most: 0.2 ms a second. */
const DRIFT = 0.0002;

/**
 * How far the pictures of a source are behind for lack of processor: the age of the most punctual one of each second,
 * over what the way takes anyway. A single late picture is nothing; when every one is late, they queue (the measure of
 * CoDel, RFC 8289 section 3.3). All times in ms of one monotonic clock.
 */
export class Lateness {
  /** What the way takes: the least that was ever seen, given a little way for the drift. */
  private usual: number | undefined;
  private lastAt = -Infinity;
  private window = { since: -Infinity, least: Infinity };
  private standing = 0;

  note(ageMs: number, nowMs: number): void {
    const given = this.usual === undefined ? 0 : (nowMs - this.lastAt) * DRIFT;
    this.usual = Math.min(ageMs, (this.usual ?? ageMs) + given);
    this.lastAt = nowMs;
    if (nowMs - this.window.since >= WINDOW_MS) {
      if (this.window.least < Infinity) this.standing = this.window.least;
      this.window = { since: nowMs, least: Infinity };
    }
    this.window.least = Math.min(this.window.least, ageMs - this.usual);
  }

  /** Undefined before the first picture. */
  standingMs(nowMs: number): number | undefined {
    if (this.usual === undefined) return undefined;
    const silence = nowMs - this.lastAt;
    return Math.round(silence > WINDOW_MS ? Math.max(silence, this.standing) : this.standing);
  }
}
