import { useEffect, useRef } from 'react';
import type { Past } from './usePast.ts';

/** As near to now as the ring surely has it. */
const BEHIND_MS = 5_000;

/** The past in place of the live picture while no live picture comes through; back to live when it does again. */
export function useFallback(
  { goBack, goLive }: Pick<Past, 'goBack' | 'goLive'>,
  needed: boolean,
  together: boolean,
): void {
  const shown = useRef(false);
  // What is looked at together is not left because one tile is live again, or is not.
  const held = useRef(together);
  useEffect(() => {
    held.current = together;
  }, [together]);
  useEffect(() => {
    if (!needed || held.current) return;
    shown.current = true;
    goBack(BEHIND_MS);
    return () => {
      if (shown.current && !held.current) goLive();
      shown.current = false;
    };
  }, [needed, goBack, goLive]);
}
