import { useEffect, useMemo, useRef } from 'react';
import { isTyping, useWindowKeys } from '../app/useWindowKeys.ts';
import { KeyPresses } from '../keys/key-presses.ts';
import { useBindings } from '../keys/useBindings.ts';
import type { ConsoleAction } from './keymap.ts';

/** Keyboard and foot pedal of the console. */
export function useConsoleKeys(stationId: string, enabled: boolean, onAction: (action: ConsoleAction) => void): void {
  const [bindings] = useBindings(stationId);
  const latest = useRef(onAction);
  useEffect(() => {
    latest.current = onAction;
  });
  const presses = useMemo(() => new KeyPresses(bindings, (action) => latest.current(action)), [bindings]);
  useWindowKeys((event) => {
    if (presses.down(event)) event.preventDefault();
  }, enabled);
  useEffect(() => {
    if (!enabled) return;
    const up = (event: KeyboardEvent) => {
      if (!isTyping(event)) presses.up(event);
    };
    const cancel = () => presses.cancel();
    window.addEventListener('keyup', up);
    window.addEventListener('blur', cancel);
    return () => {
      cancel();
      window.removeEventListener('keyup', up);
      window.removeEventListener('blur', cancel);
    };
  }, [enabled, presses]);
}
