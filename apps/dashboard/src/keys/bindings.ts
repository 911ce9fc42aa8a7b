import { z } from 'zod';
import type { ConsoleAction } from '../console/keymap.ts';

/** What a key or a pedal can be bound to. Nothing here deletes: no key and no pedal ever does. */
export const boundActions = ['still', 'record', 'save', 'marker', 'choose-length'] as const;
export type BoundAction = (typeof boundActions)[number];
export type Press = 'short' | 'long';

const Binding = z.object({
  action: z.enum(boundActions),
  /** `KeyboardEvent.code`, or `key` where there is none: pedals present themselves as keyboards. */
  key: z.string().min(1).max(40),
  press: z.enum(['short', 'long']),
});
export type Binding = z.infer<typeof Binding>;

/** Left: still; right: record; right held: save the last minutes. F13 and F14 are what pedals are mostly set to. */
export const defaultBindings: readonly Binding[] = [
  { action: 'still', key: 'F13', press: 'short' },
  { action: 'record', key: 'F14', press: 'short' },
  { action: 'save', key: 'F14', press: 'long' },
];

/** What was stored, where it can still be read; the defaults otherwise. */
export function parseBindings(stored: string | null): readonly Binding[] {
  if (stored === null) return defaultBindings;
  try {
    const parsed = z.array(Binding).max(40).safeParse(JSON.parse(stored));
    return parsed.success ? parsed.data : defaultBindings;
  } catch {
    return defaultBindings;
  }
}

interface Key {
  key: string;
  code: string;
}
export const keyId = ({ key, code }: Key): string => (code === '' ? key : code);

/** Keys that walk through the page, leave a dialog or delete text keep their meaning. */
const reserved = new Set(['Tab', 'Enter', 'NumpadEnter', 'Space', 'Escape', 'Delete', 'Backspace']);
export const isBindable = (key: Key): boolean =>
  !reserved.has(keyId(key)) && !/^(Arrow|Shift|Control|Alt|Meta|OS)/.test(keyId(key));

/** "A", "F13", "Page Up": as it is printed on the key. */
export const keyLabel = (id: string): string =>
  id.replace(/^(Key|Digit)(?=.$)/, '').replace(/([a-z])([A-Z0-9])/g, '$1 $2');

/** One key per action and press: a key bound anew loses what it did before. */
export function bind(bindings: readonly Binding[], next: Binding): readonly Binding[] {
  const others = bindings.filter(
    ({ action, key, press }) => !(action === next.action || (key === next.key && press === next.press)),
  );
  return [...others, next];
}

export const unbind = (bindings: readonly Binding[], action: BoundAction): readonly Binding[] =>
  bindings.filter((binding) => binding.action !== action);

export const toConsoleAction = (action: BoundAction): ConsoleAction =>
  action === 'save' ? { do: 'save', seconds: undefined } : { do: action };
