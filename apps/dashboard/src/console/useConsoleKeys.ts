import { useEffect, useRef } from 'react';
import { actionFor } from './keymap.ts';
import type { ConsoleAction } from './keymap.ts';

/** Keyboard and foot pedal. Typing in a field and open dialogs keep their keys. */
export function useConsoleKeys(enabled: boolean, onAction: (action: ConsoleAction) => void): void {
  const latest = useRef(onAction);
  useEffect(() => {
    latest.current = onAction;
  });
  useEffect(() => {
    if (!enabled) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.target instanceof HTMLElement && event.target.closest('input, textarea, select, [contenteditable]'))
        return;
      const action = actionFor(event);
      if (!action) return;
      event.preventDefault();
      latest.current(action);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [enabled]);
}
