/** What is being made, with its past and its future. */
export interface History<T> {
  readonly past: readonly T[];
  readonly draft: T;
  readonly future: readonly T[];
  /** What the last change was; the next one of the same tag replaces it instead of following it. */
  readonly tag: string | undefined;
}

export const startHistory = <T>(draft: T): History<T> => ({ past: [], draft, future: [], tag: undefined });

/**
 * Does one change. Changes that follow each other under the same tag (an edge that is moved frame by frame) are one:
 * `change` gets the draft from before the first of them, so that they leave one step, and undo takes one.
 */
export function commit<T>(history: History<T>, change: (draft: T) => T, tag?: string): History<T> {
  const same = tag !== undefined && tag === history.tag;
  const before = same ? (history.past.at(-1) ?? history.draft) : history.draft;
  const draft = change(before);
  if (draft === history.draft) return history;
  return { past: same ? history.past : [...history.past, history.draft], draft, future: [], tag };
}

export function undo<T>(history: History<T>): History<T> {
  const draft = history.past.at(-1);
  if (draft === undefined) return history;
  return { past: history.past.slice(0, -1), draft, future: [...history.future, history.draft], tag: undefined };
}

export function redo<T>(history: History<T>): History<T> {
  const draft = history.future.at(-1);
  if (draft === undefined) return history;
  return { past: [...history.past, history.draft], draft, future: history.future.slice(0, -1), tag: undefined };
}
