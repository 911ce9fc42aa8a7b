/**
 * What has been handed to somebody who says only now and then how much of it is taken: by age, because the same number
 * of units is half a second of ten sources and many seconds of one.
 */
export class Backlog {
  readonly #reportedEvery: number;
  /** When each unit was handed over that is not reported as taken; the oldest first. */
  readonly #handedAt: number[] = [];
  #taken = 0;

  /** @param reportedEvery so many units are taken between two reports */
  constructor(reportedEvery: number) {
    this.#reportedEvery = reportedEvery;
  }

  handed(now: number): void {
    this.#handedAt.push(now);
  }

  /** @param units taken since the beginning; reports that come twice or late change nothing */
  taken(units: number): void {
    this.#handedAt.splice(0, units - this.#taken);
    this.#taken = Math.max(this.#taken, units);
  }

  /** How long the oldest unit has been waiting for certain: as many as one report covers may be taken already. */
  ageMs(now: number): number {
    const oldest = this.#handedAt[this.#reportedEvery - 1];
    return oldest === undefined ? 0 : now - oldest;
  }
}
