import { useCallback, useEffect, useState } from 'react';
import { commit, redo, startHistory, undo } from './history.ts';
import type { History } from './history.ts';

/** Work in hand by what it is on: looking at another page and coming back loses nothing. */
export class InHand<T> {
  readonly #all = new Map<string, History<T>>();

  get = (of: string): History<T> | undefined => this.#all.get(of);
  keep = (of: string, history: History<T>): void => void this.#all.set(of, history);
}

/** What is being made of `of`, and how it is changed, taken back and done again. */
export function useHistory<T>(inHand: InHand<T>, of: string, start: () => T) {
  const [history, setHistory] = useState(() => inHand.get(of) ?? startHistory(start()));
  useEffect(() => inHand.keep(of, history), [inHand, of, history]);
  return {
    draft: history.draft,
    change: useCallback((to: (draft: T) => T, tag?: string) => setHistory((before) => commit(before, to, tag)), []),
    undo: useCallback(() => setHistory(undo), []),
    redo: useCallback(() => setHistory(redo), []),
    canUndo: history.past.length > 0,
    canRedo: history.future.length > 0,
  };
}
