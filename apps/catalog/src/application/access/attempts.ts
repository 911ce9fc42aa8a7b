import { createHash } from 'node:crypto';
import { SmartBoxError, type Clock } from '@smartbox/kernel';
import { waitMs, type Counted } from '../../domain/access/back-off.ts';
import type { FailureStore } from './ports.ts';

/** Slows down who guesses: by account and address, whether or not there is such an account. */
export class Attempts {
  readonly #store: FailureStore;
  readonly #clock: Clock;

  constructor(store: FailureStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * Before each attempt; it counts as failed until `succeeded`.
   * @throws SmartBoxError `too-many-attempts` with `details.retryAfterSeconds`
   */
  async begin(name: string, address: string): Promise<void> {
    const keys = keysOf(name, address);
    const now = this.#clock.now();
    const wait = await this.#store.begin(Object.values(keys), now, (before) =>
      Math.max(...(Object.keys(keys) as Counted[]).map((counted) => waitMs(counted, before.get(keys[counted]), now))),
    );
    if (wait === 0) return;
    const retryAfterSeconds = Math.ceil(wait / 1000);
    throw new SmartBoxError({
      code: 'too-many-attempts',
      message: `too many failed attempts: try again in ${retryAfterSeconds} s`,
      fault: 'input',
      details: { retryAfterSeconds },
    });
  }

  /** The mistypings before do not count. What others tried at this account, or from here at others, does. */
  succeeded(name: string, address: string): Promise<void> {
    const keys = keysOf(name, address);
    return this.#store.succeeded(Object.values(keys), keys.pair);
  }
}

/** Hashed: a name that is none may be a password that was typed into the wrong field. */
function keysOf(name: string, address: string): Record<Counted, string> {
  const key = (...parts: string[]) => createHash('sha256').update(parts.join('\n')).digest('hex');
  return { pair: key('pair', name, address), name: key('name', name), address: key('address', address) };
}
