import { createContext, useCallback, useEffect, useMemo, useState } from 'react';
import { defined } from '../api/client.ts';
import { useWindowKeys } from '../app/useWindowKeys.ts';
import { LIVE_WITHIN_MS } from './past-clock.ts';
import { PastGroup, WITHIN_MS } from './past-group.ts';
import type { Past } from './usePast.ts';

const FOLLOW_MS = 100;
const STEP_MS = 10_000;
/** Less is no change that anybody sees. */
const TOLD_MS = 250;

interface Seen {
  behindMs?: number;
  reachMs?: number;
  paused: boolean;
  anyMs?: number;
}

/** What a tile needs to know of the room's common past. */
export interface RoomPastView {
  group: PastGroup;
  /** All of them look back together: none has a timeline of its own. */
  together: boolean;
}

export const RoomPastContext = createContext<RoomPastView | undefined>(undefined);

/** Pictures of the past on the screen. `sources` absent: of all sources, at the same moment. */
export interface PastPicture {
  sources?: string[];
  at: string;
  /** How long ago that was. */
  oldMs: number;
}

/** One past for all tiles of a room. `scope` as of `usePast`. */
export function useRoomPast(scope: string | undefined) {
  const [group] = useState(() => new PastGroup());
  const [askedMs, setAsked] = useState<number>();
  const [seen, setSeen] = useState<Seen>({ paused: false });
  const together = askedMs !== undefined;

  const goLive = useCallback(() => {
    setAsked(undefined);
    group.goLive();
  }, [group]);
  const goBack = useCallback(
    (behindMs: number) => {
      if (behindMs < LIVE_WITHIN_MS) return goLive();
      setAsked(behindMs);
      group.goBack(behindMs);
    },
    [group, goLive],
  );
  const togglePause = useCallback(() => (group.held ? group.play() : group.hold()), [group]);

  // Another patient, or none: the tiles leave the past by themselves.
  const [shownScope, setShownScope] = useState(scope);
  if (shownScope !== scope) {
    setShownScope(scope);
    setAsked(undefined);
  }

  useEffect(() => {
    const timer = setInterval(() => {
      if (together) group.follow(performance.now());
      const { behindMs, reachMs, back } = group;
      // Each has come back by itself: what was looked at is gone.
      if (together && back.length === 0) setAsked(undefined);
      const anyMs = back[0]?.behindMs();
      const times = { behindMs: together ? behindMs : undefined, reachMs, anyMs };
      const next = { ...defined(times), paused: group.held };
      setSeen((before) => settled(before, next));
    }, FOLLOW_MS);
    return () => clearInterval(timer);
  }, [group, together]);

  /** The pictures of the past that are on the screen at this moment: what a still is taken of. */
  const pictures = useCallback((): PastPicture[] => {
    const shown = group.back.flatMap(({ sourceId, shown: look, behindMs }) => {
      const momentMs = look()?.momentMs;
      if (momentMs === undefined) return [];
      return [{ sources: [sourceId], at: new Date(momentMs + WITHIN_MS).toISOString(), oldMs: behindMs() ?? 0 }];
    });
    const [first] = shown;
    return together && first ? [{ at: first.at, oldMs: first.oldMs }] : shown;
  }, [group, together]);

  const past = useMemo<Past>(
    () => ({
      askedMs,
      behindMs: seen.behindMs,
      reachMs: seen.reachMs,
      paused: seen.paused,
      notice: undefined,
      goBack,
      goLive,
      togglePause,
    }),
    [askedMs, seen, goBack, goLive, togglePause],
  );
  const context = useMemo<RoomPastView>(() => ({ group, together }), [group, together]);
  /** How old what is on the screen is, where any of it is the past. */
  return { past, context, pictures, group, oldMs: seen.anyMs };
}

export type RoomPast = ReturnType<typeof useRoomPast>;

/** J K L , . as in every player here: back, hold, forward, a picture at a time; End and Escape are live. */
export function useRoomPastKeys({ past, group }: RoomPast, reachMs: number | undefined, frameMs: number): void {
  useWindowKeys((event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || reachMs === undefined) return;
    const back = past.askedMs !== undefined;
    const atMs = back ? (past.behindMs ?? past.askedMs ?? 0) : 0;
    switch (event.key) {
      case 'j':
        past.goBack(Math.min(reachMs, atMs + STEP_MS));
        break;
      case 'l':
        if (back) past.goBack(atMs - STEP_MS);
        break;
      case 'k':
        if (back) past.togglePause();
        break;
      case ',':
      case '.':
        if (back) group.step(event.key === ',' ? -1 : 1, frameMs);
        break;
      case 'End':
      case 'Escape':
        if (!back) return;
        past.goLive();
        break;
      default:
        return;
    }
    event.preventDefault();
  });
}

/** The same object while nothing of it has changed that anybody sees. */
function settled(before: Seen, next: Seen): Seen {
  const same = (a: number | undefined, b: number | undefined) =>
    a === undefined || b === undefined ? a === b : Math.abs(a - b) < TOLD_MS;
  return before.paused === next.paused &&
    same(before.behindMs, next.behindMs) &&
    same(before.reachMs, next.reachMs) &&
    same(before.anyMs, next.anyMs)
    ? before
    : next;
}
