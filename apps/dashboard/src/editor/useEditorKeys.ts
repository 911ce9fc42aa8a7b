import { useWindowKeys } from '../app/useWindowKeys.ts';
import type { Editor } from './useEditor.ts';
import type { useFilm } from './useFilm.ts';
import type { TimelineScale } from './useView.ts';

interface Options {
  editor: Editor;
  film: ReturnType<typeof useFilm>;
  scale: TimelineScale;
  frames: number;
  fps: number;
  onHelp: () => void;
}

/** The editor by keyboard alone. Keys that belong to a focused button or field are left to it. */
export function useEditorKeys({ editor, film, scale, frames, fps, onHelp }: Options): void {
  const second = Math.round(fps);
  const toEdge = (direction: 1 | -1) => {
    const here = film.here();
    const edges = editor.parts.flatMap(({ from, to }) => [from, to - 1]).concat(0, frames - 1);
    const ahead = edges.filter((edge) => (direction > 0 ? edge > here : edge < here));
    if (ahead.length > 0) film.seek(direction > 0 ? Math.min(...ahead) : Math.max(...ahead));
  };
  useWindowKeys((event) => {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const target = event.target instanceof HTMLElement ? event.target : undefined;
    if (target?.closest('[role=dialog]')) return;
    if (event.ctrlKey || event.metaKey) {
      const act = key === 'z' ? (event.shiftKey ? editor.redo : editor.undo) : key === 'y' ? editor.redo : undefined;
      if (!act) return;
      event.preventDefault();
      act();
      return;
    }
    if (event.altKey) return;
    const onControl = target?.closest('button, input, a');
    if (onControl && (key === ' ' || key === 'Enter' || key.startsWith('Arrow'))) return;
    const remove = () => editor.toggle(film.here());
    const keys: Record<string, () => void> = {
      ' ': film.toggle,
      j: () => film.press('j'),
      k: () => film.press('k'),
      l: () => film.press('l'),
      ',': () => film.step(-1),
      '.': () => film.step(1),
      ArrowLeft: () => film.step(event.shiftKey ? -second : -1),
      ArrowRight: () => film.step(event.shiftKey ? second : 1),
      ArrowUp: () => toEdge(-1),
      ArrowDown: () => toEdge(1),
      Home: () => film.seek(editor.spans[0]?.from ?? 0),
      End: () => film.seek((editor.spans.at(-1)?.to ?? frames) - 1),
      i: () => editor.begin(film.here()),
      o: () => editor.end(film.here()),
      s: () => editor.split(film.here()),
      Delete: remove,
      Backspace: remove,
      '+': () => scale.zoom(2),
      '-': () => scale.zoom(0.5),
      '0': scale.all,
      '?': onHelp,
    };
    const act = keys[key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
