import { useEffect, useRef } from 'react';

/** Is the key meant for a field? */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target instanceof HTMLElement ? event.target : undefined;
  const fields = 'input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]';
  return target?.closest(fields) != null;
}

/** Keys of a view as a whole; what is typed into a field is not meant. */
export function useWindowKeys(onKey: (event: KeyboardEvent) => void, enabled = true): void {
  const latest = useRef(onKey);
  useEffect(() => {
    latest.current = onKey;
  });
  useEffect(() => {
    if (!enabled) return;
    const listener = (event: KeyboardEvent) => {
      if (!isTyping(event)) latest.current(event);
    };
    window.addEventListener('keydown', listener);
    return () => window.removeEventListener('keydown', listener);
  }, [enabled]);
}
