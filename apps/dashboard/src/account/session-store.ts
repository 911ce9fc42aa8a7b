import { SessionView } from '@smartbox/contracts';
import type { CallerView, Permission } from '@smartbox/contracts';

export interface SessionState {
  /** What the server said last; undefined while it has not answered yet. */
  view: SessionView | undefined;
  /** The server did not answer: who is signed in is not known. */
  unreachable: boolean;
  /** Who worked here is no longer signed in: the page stays as it is until they are again. */
  ended: boolean;
}

/** Who is signed in. What was asked meanwhile waits for the same person to sign in again. */
export class SessionStore {
  #state: SessionState = { view: undefined, unreachable: false, ended: false };
  readonly #ask: () => Promise<unknown>;
  readonly #leave: () => void;
  readonly #listeners = new Set<() => void>();
  #waiting: (() => void)[] = [];

  /** `ask` answers as GET /session; `leave` begins anew: nothing of one person's page is left to another. */
  constructor(ask: () => Promise<unknown>, leave: () => void) {
    this.#ask = ask;
    this.#leave = leave;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly get = (): SessionState => this.#state;

  async refresh(): Promise<void> {
    let view: SessionView | undefined;
    try {
      view = SessionView.parse(await this.#ask());
    } catch {
      view = undefined;
    }
    if (view) this.accept(view);
    else if (!this.#state.view) this.#set({ unreachable: true });
  }

  /** An answer that says who is signed in now. */
  accept(view: SessionView): void {
    const before = this.#state.view?.caller;
    if (before?.kind === 'person' && !view.caller) {
      this.#set({ ended: true });
      return;
    }
    if (before && view.caller && before.actor !== view.caller.actor) {
      this.#leave();
      return;
    }
    this.#set({ view, unreachable: false, ended: false });
    const waiting = this.#waiting.splice(0);
    // Nobody's page: what it still wanted is not done as whoever comes next.
    if (view.caller) for (const go of waiting) go();
  }

  /** Resolves when the same person is signed in again. */
  again(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      void this.refresh();
    });
  }

  #set(change: Partial<SessionState>): void {
    const next = { ...this.#state, ...change };
    if (JSON.stringify(next) === JSON.stringify(this.#state)) return;
    this.#state = next;
    for (const listener of this.#listeners) listener();
  }
}

/** Not known: the server decides, so nothing is hidden that may be allowed. */
export const may = (caller: CallerView | undefined, permission: Permission): boolean =>
  caller === undefined || caller.permissions.includes(permission);
