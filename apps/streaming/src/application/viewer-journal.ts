import type { EventData } from '@smartbox/contracts';

type Watching = EventData<'streaming.viewer.joined'>;

/** Where it is kept who watched what, and when. */
export interface Journal {
  watches(watching: Watching): void;
  watched(watching: Watching & { watchedMs: number }): void;
}

/** Tells of those who have seen a picture; a join that never got one is nobody who watched. */
export class ViewerJournal {
  readonly #journal: Journal;
  readonly #watching = new Map<string, { of: Watching; since: number }>();

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  plays(of: Watching): void {
    if (this.#watching.has(of.viewerId)) return;
    this.#watching.set(of.viewerId, { of, since: performance.now() });
    this.#journal.watches(of);
  }

  /** @param at when it saw the last picture, on the clock of `performance.now()`. */
  gone(viewerId: string, at = performance.now()): void {
    const found = this.#watching.get(viewerId);
    if (!found) return;
    this.#watching.delete(viewerId);
    this.#journal.watched({ ...found.of, watchedMs: Math.max(0, Math.round(at - found.since)) });
  }

  /** This service ends, and with it all watching. */
  close(): void {
    for (const viewerId of [...this.#watching.keys()]) this.gone(viewerId);
  }
}
