import type { Admission } from './ports.ts';

/** Who is to come is let in by all of them. */
export class EveryAdmission implements Admission {
  readonly #all: readonly Admission[];

  constructor(...all: readonly Admission[]) {
    this.#all = all;
  }

  get busy(): boolean {
    return this.#all.some(({ busy }) => busy);
  }

  /** @throws SmartBoxError `overloaded`. */
  admit(): void {
    for (const one of this.#all) one.admit();
  }
}
