import { useEffect, useState } from 'react';
import type { RefObject } from 'react';

/** Between two joins of live pictures on one page: sixteen rooms at once would starve the first. */
const STEP_MS = 120;

/**
 * True once an element is (nearly) on the screen and its turn has come; false again when it has left: a room that
 * nobody looks at costs nothing.
 */
export function useJoinTurn(element: RefObject<HTMLElement | null>, place: number, wanted: boolean): boolean {
  const [near, setNear] = useState(false);
  const [turn, setTurn] = useState(false);
  useEffect(() => {
    const target = element.current;
    if (!target) return;
    const observer = new IntersectionObserver((entries) => setNear(entries.some((entry) => entry.isIntersecting)), {
      rootMargin: '120px',
    });
    observer.observe(target);
    return () => observer.disconnect();
  }, [element]);
  useEffect(() => {
    if (!near || !wanted) {
      setTurn(false);
      return;
    }
    const timer = setTimeout(() => setTurn(true), place * STEP_MS);
    return () => clearTimeout(timer);
  }, [near, wanted, place]);
  return turn;
}
