import type { KvStore } from './kv.ts';

/**
 * Who is there now: entries of a bucket that their writers renew. An entry counts for `freshMs` after it came here, by
 * this process's own clock; what stood there before counts only if it is young.
 */
export class Presence<T> {
  readonly #freshMs: number;
  readonly #seen = new Map<string, { value: T; at: number }>();
  readonly #stop = new AbortController();
  readonly #watching: Promise<void>;

  constructor(store: KvStore<T>, freshMs: number) {
    this.#freshMs = freshMs;
    this.#watching = this.#watch(store);
  }

  get present(): T[] {
    const oldest = performance.now() - this.#freshMs;
    return [...this.#seen.values()].filter(({ at }) => at >= oldest).map(({ value }) => value);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#watching;
  }

  async #watch(store: KvStore<T>): Promise<void> {
    for await (const { key, value, initial, at } of store.watch('>', { signal: this.#stop.signal })) {
      const age = initial ? Math.max(0, Date.now() - at.getTime()) : 0;
      if (value === undefined) this.#seen.delete(key);
      else this.#seen.set(key, { value, at: performance.now() - age });
    }
  }
}
