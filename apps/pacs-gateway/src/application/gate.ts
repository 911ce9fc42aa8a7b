import { backoffMs, PARK } from '../domain/backoff.ts';

export interface Parked {
  /** When it was found away. */
  since: Date;
  code: string;
  reason: string;
  /** The next try. */
  until: Date;
}

/**
 * Whether a destination may be tried. While it is parked its deliveries wait here, in place, and burn nothing; the rest
 * of its queue stays in the stream.
 */
export class Gate {
  readonly #now: () => Date;
  readonly #random: () => number;
  #parked: (Parked & { tries: number }) | undefined;
  #waiting = new Set<() => void>();

  constructor(now: () => Date = () => new Date(), random: () => number = Math.random) {
    this.#now = now;
    this.#random = random;
  }

  get parked(): Parked | undefined {
    return this.#parked;
  }

  /** The destination is away: nothing passes until the backoff is over or somebody wakes it. */
  park(code: string, reason: string): Parked {
    const tries = (this.#parked?.tries ?? 0) + 1;
    const now = this.#now();
    const until = new Date(now.getTime() + backoffMs(PARK, tries, this.#random()));
    this.#parked = { since: this.#parked?.since ?? now, code, reason, until, tries };
    return this.#parked;
  }

  /** The destination answered. */
  open(): void {
    this.#parked = undefined;
    this.wake();
  }

  /** Try now: whoever waits passes, and parks it anew where it is still away. */
  wake(): void {
    for (const pass of this.#waiting) pass();
  }

  /** Resolves when a try is due: at once while nothing is parked. Rejects with the signal's reason. */
  async pass(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const waitMs = this.#parked ? this.#parked.until.getTime() - this.#now().getTime() : 0;
    if (waitMs <= 0) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, waitMs);
      this.#waiting.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
    signal.throwIfAborted();
  }
}
