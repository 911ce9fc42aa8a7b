import { useWindowKeys } from '../app/useWindowKeys.ts';
import { actionFor } from './keymap.ts';
import type { ConsoleAction } from './keymap.ts';

/** Keyboard and foot pedal of the console. */
export function useConsoleKeys(enabled: boolean, onAction: (action: ConsoleAction) => void): void {
  useWindowKeys((event) => {
    const action = actionFor(event);
    if (!action) return;
    event.preventDefault();
    onAction(action);
  }, enabled);
}
