import type { FilmAnnouncements, Work } from './film-ports.ts';

const EVERY_MS = 1000;

/**
 * Honest progress of a work of several phases: whole percents, at most one a second, never back, with an estimate
 * from the speed of the present phase.
 */
export class FilmProgress {
  readonly #announce: FilmAnnouncements;
  readonly #works: readonly Work[];
  #from = 0;
  #to = 0;
  #since = Date.now();
  #told = { percent: -1, at: 0 };

  constructor(announce: FilmAnnouncements, works: readonly Work[]) {
    this.#announce = announce;
    this.#works = works;
  }

  /** The next phase ends at this share of the whole, in percent. Gives the way to report its own percent. */
  phase(to: number): (percent: number) => void {
    this.#from = this.#to;
    this.#to = to;
    this.#since = Date.now();
    const from = this.#from;
    this.#tell(0);
    return (percent) => from === this.#from && this.#tell(percent);
  }

  #tell(percent: number): void {
    const share = Math.min(100, Math.max(0, percent)) / 100;
    const at = Math.floor(this.#from + (this.#to - this.#from) * share);
    const now = Date.now();
    if (at <= this.#told.percent || (now - this.#told.at < EVERY_MS && this.#told.percent >= 0)) return;
    this.#told = { percent: at, at: now };
    const spent = now - this.#since;
    // the rest of this phase by its speed, what comes after it as if it were as quick
    const perPercent = share > 0.02 ? spent / (share * (this.#to - this.#from)) : undefined;
    const remaining = perPercent === undefined ? {} : { remainingMs: Math.round(perPercent * (100 - at)) };
    for (const work of this.#works)
      this.#announce.progressed(work, { percent: at, ...remaining }).catch(() => undefined); // the next one will do
  }
}
