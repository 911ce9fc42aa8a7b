import { useWindowKeys } from '../app/useWindowKeys.ts';
import type { JoinPlayer } from './join-player.ts';
import { filmFrameAt, filmFrames, placeAt, startOf } from './join.ts';
import type { Playable } from './slot.ts';
import type { Join } from './useJoin.ts';

interface Options {
  join: Join;
  player: JoinPlayer;
  film: readonly Playable[];
}

/** Joining by keyboard alone, with the keys of the editor. */
export function useJoinKeys({ join, player, film }: Options): void {
  useWindowKeys((event) => {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const target = event.target instanceof HTMLElement ? event.target : undefined;
    if (target?.closest('[role=dialog]')) return;
    if (event.ctrlKey || event.metaKey) {
      const act = key === 'z' ? (event.shiftKey ? join.redo : join.undo) : key === 'y' ? join.redo : undefined;
      if (!act) return;
      event.preventDefault();
      act();
      return;
    }
    if (event.altKey) return;
    if (target?.closest('button, input, a') && (key === ' ' || key === 'Enter')) return;
    const here = player.here();
    const part = film[here.part];
    if (!part) return;
    const second = Math.round(part.fps);
    const at = filmFrameAt(film, here);
    const starts = film.map((_, index) => startOf(film, index));
    const keys: Record<string, () => void> = {
      ' ': player.toggle,
      ',': () => player.step(-1),
      '.': () => player.step(1),
      ArrowLeft: () => player.step(event.shiftKey ? -second : -1),
      ArrowRight: () => player.step(event.shiftKey ? second : 1),
      ArrowUp: () => player.seek(placeAt(film, starts.findLast((start) => start < at) ?? 0)),
      ArrowDown: () => player.seek(placeAt(film, starts.find((start) => start > at) ?? filmFrames(film))),
      Home: () => player.seek(placeAt(film, 0)),
      End: () => player.seek(placeAt(film, filmFrames(film))),
      i: () => join.begin(part.id, here.frame),
      o: () => join.end(part.id, here.frame),
      Delete: () => join.remove(part.id),
      Backspace: () => join.remove(part.id),
    };
    const act = keys[key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
