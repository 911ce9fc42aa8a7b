import { useEffect, useRef } from 'react';

/** Keys of a view as a whole; what is typed into a field is not meant. */
export function useWindowKeys(onKey: (event: KeyboardEvent) => void, enabled = true): void {
  const latest = useRef(onKey);
  useEffect(() => {
    latest.current = onKey;
  });
  useEffect(() => {
    if (!enabled) return;
    const listener = (event: KeyboardEvent) => {
      const target = event.target instanceof HTMLElement ? event.target : undefined;
      if (!target?.closest('input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]')) {
        latest.current(event);
      }
    };
    window.addEventListener('keydown', listener);
    return () => window.removeEventListener('keydown', listener);
  }, [enabled]);
}
