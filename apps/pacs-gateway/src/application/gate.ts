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
  readonly #closed: () => { since: Date; until: Date } | undefined;
  #parked: (Parked & { tries: number }) | undefined;
  #waiting = new Set<() => void>();

  /** `closed`: the hours in which it takes nothing, whoever wakes it. */
  constructor(
    now: () => Date = () => new Date(),
    random: () => number = Math.random,
    closed: () => { since: Date; until: Date } | undefined = () => undefined,
  ) {
    this.#now = now;
    this.#random = random;
    this.#closed = closed;
  }

  get parked(): Parked | undefined {
    const closed = this.#closed();
    if (!closed) return this.#parked;
    return { ...closed, code: 'outside-hours', reason: `it takes objects from ${closed.until.toISOString()} on` };
  }

  /**
   * The destination is away: nothing passes until the backoff is over (not before `atLeastMs`, where it asked for that),
   * or somebody wakes it.
   */
  park(code: string, reason: string, atLeastMs = 0): Parked {
    const tries = (this.#parked?.tries ?? 0) + 1;
    const now = this.#now();
    const until = new Date(now.getTime() + Math.max(atLeastMs, backoffMs(PARK, tries, this.#random())));
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
    const parkedMs = this.#parked ? this.#parked.until.getTime() - this.#now().getTime() : 0;
    if (parkedMs > 0) await this.#wait(parkedMs, signal);
    for (let closed = this.#closed(); closed; closed = this.#closed()) {
      await this.#wait(Math.max(1, closed.until.getTime() - this.#now().getTime()), signal);
    }
  }

  async #wait(waitMs: number, signal: AbortSignal): Promise<void> {
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
