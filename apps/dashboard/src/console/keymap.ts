/** Lengths that the operator can choose, seconds, in the order of the digit keys 1 to 5. */
export const lengths = [30, 60, 120, 300, 600] as const;

export type ConsoleAction =
  | { do: 'save'; seconds: number | undefined }
  | { do: 'record' }
  | { do: 'still' }
  | { do: 'marker' }
  | { do: 'choose-length' }
  | { do: 'help' };

/** Keys by action, as the help shows them. Nothing here deletes: no key and no pedal ever does. */
export const keyLabels = {
  save: 'S',
  lengths: '1 – 5',
  record: 'R',
  still: 'P',
  marker: 'M',
  choose: 'L',
  help: '?',
  close: 'Esc',
} as const;

interface Key {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  repeat: boolean;
}

/** What a key means; `undefined` for a key that means nothing, that is held down, or that belongs to the browser. */
export function actionFor(event: Key): ConsoleAction | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return undefined;
  const digit = /^[1-5]$/.test(event.key) ? lengths[Number(event.key) - 1] : undefined;
  if (digit !== undefined) return { do: 'save', seconds: digit };
  switch (event.key.toLowerCase()) {
    case 's':
      return { do: 'save', seconds: undefined };
    case 'r':
      return { do: 'record' };
    case 'p':
      return { do: 'still' };
    case 'm':
      return { do: 'marker' };
    case 'l':
      return { do: 'choose-length' };
    case '?':
      return { do: 'help' };
    default:
      return undefined;
  }
}

/** Two presses of the same action within this time are one: gloves and pedals bounce. */
export const DEBOUNCE_MS = 400;

export function debouncer(now: () => number): (action: string) => boolean {
  const last = new Map<string, number>();
  return (action) => {
    const at = now();
    const before = last.get(action);
    if (before !== undefined && at - before < DEBOUNCE_MS) return false;
    last.set(action, at);
    return true;
  };
}
