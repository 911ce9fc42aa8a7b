import { hash, verify, type Options } from '@node-rs/argon2';
import { SmartBoxError } from '@smartbox/kernel';
import type { PasswordHasher as Port } from '../../application/access/ports.ts';

/** argon2id, RFC 9106 section 4, the second recommended option: 64 MiB, three passes, four lanes. */
const options: Options = { algorithm: 2, memoryCost: 65_536, timeCost: 3, parallelism: 4 };
/** Each holds its 64 MiB; the rest wait. */
const AT_ONCE = 2;
const MAX_WAITING = 100;

export class PasswordHasher implements Port {
  #free = AT_ONCE;
  readonly #waiting: (() => void)[] = [];
  /** Of no password: what an unknown account is compared with, so that it takes as long. */
  readonly #decoy = hash(crypto.randomUUID(), options);

  hash(password: string): Promise<string> {
    return this.#inTurn(() => hash(password.normalize('NFKC'), options));
  }

  async verify(stored: string | null, password: string): Promise<boolean> {
    const decoy = await this.#decoy;
    const matches = await this.#inTurn(() => verify(stored ?? decoy, password.normalize('NFKC')));
    return stored !== null && matches;
  }

  /** @throws SmartBoxError `sign-in-busy` */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else {
      if (this.#waiting.length >= MAX_WAITING) {
        const message = 'too many people sign in at the same moment: try again';
        throw new SmartBoxError({ code: 'sign-in-busy', message, fault: 'theirs', retryable: true });
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    try {
      return await work();
    } finally {
      // The place goes to who waits longest.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}
