import { actionFor } from '../console/keymap.ts';
import type { ConsoleAction } from '../console/keymap.ts';
import { keyId, toConsoleAction } from './bindings.ts';
import type { Binding } from './bindings.ts';

/** Held for this long, a pedal means its other action. */
export const LONG_PRESS_MS = 700;

export interface KeyEvent {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  repeat: boolean;
}

/**
 * Turns keys going down and up into actions. A key with a long press acts when it is released early or has been held
 * long enough; every other one acts at once. What is held down acts once.
 */
export class KeyPresses {
  readonly #bindings: readonly Binding[];
  readonly #act: (action: ConsoleAction) => void;
  readonly #held = new Map<string, ReturnType<typeof setTimeout> | undefined>();

  constructor(bindings: readonly Binding[], act: (action: ConsoleAction) => void) {
    this.#bindings = bindings;
    this.#act = act;
  }

  /** True when the key is ours. */
  down(event: KeyEvent): boolean {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    const id = keyId(event);
    const [short, long] = [this.#find(id, 'short'), this.#find(id, 'long')];
    if (!short && !long) {
      const action = actionFor(event);
      if (action) this.#act(action);
      return action !== undefined;
    }
    if (event.repeat || this.#held.has(id)) return true;
    if (!long) {
      this.#held.set(id, undefined);
      if (short) this.#act(toConsoleAction(short.action));
      return true;
    }
    const timer = setTimeout(() => {
      this.#held.set(id, undefined);
      this.#act(toConsoleAction(long.action));
    }, LONG_PRESS_MS);
    this.#held.set(id, timer);
    return true;
  }

  up(event: Pick<KeyEvent, 'key' | 'code'>): void {
    const id = keyId(event);
    const timer = this.#held.get(id);
    this.#held.delete(id);
    if (timer === undefined) return;
    clearTimeout(timer);
    const short = this.#find(id, 'short');
    if (short) this.#act(toConsoleAction(short.action));
  }

  /** The window lost the keyboard: what is held will not be released here, and means nothing. */
  cancel(): void {
    for (const timer of this.#held.values()) clearTimeout(timer);
    this.#held.clear();
  }

  #find(key: string, press: Binding['press']): Binding | undefined {
    return this.#bindings.find((binding) => binding.key === key && binding.press === press);
  }
}
