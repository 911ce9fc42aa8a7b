/** The part of the timeline that is on the screen, in frames; both may be broken numbers. */
export interface View {
  readonly from: number;
  /** Frames over the whole width. */
  readonly length: number;
}

/** Widest a single frame is drawn, in pixels: wide enough to grasp with a finger. */
const MAX_FRAME_PX = 44;

export const wholeView = (total: number): View => ({ from: 0, length: Math.max(1, total) });

/** Keeps the view within the film and the frame within what can be drawn. */
export function clampView(view: View, total: number, width: number): View {
  const shortest = Math.min(total, Math.max(1, width / MAX_FRAME_PX));
  const length = Math.min(Math.max(view.length, shortest), Math.max(1, total));
  return { from: Math.min(Math.max(0, view.from), Math.max(0, total - length)), length };
}

/** Zooms by `factor` (above 1: closer) and leaves the frame under the pointer where it is. */
export function zoomAt(view: View, factor: number, at: number, total: number, width: number): View {
  const share = (at - view.from) / view.length;
  const { length } = clampView({ from: 0, length: view.length / factor }, total, width);
  return clampView({ from: at - share * length, length }, total, width);
}

/** Moves the view as little as needed to show the frame; a tenth of it stays free around the frame. */
export function follow(view: View, frame: number, total: number, width: number): View {
  const room = view.length * 0.1;
  if (frame < view.from) return clampView({ ...view, from: frame - room }, total, width);
  if (frame > view.from + view.length) return clampView({ ...view, from: frame - view.length + room }, total, width);
  return view;
}

export const xOf = (view: View, frame: number, width: number): number => ((frame - view.from) / view.length) * width;
export const frameOf = (view: View, x: number, width: number): number =>
  view.from + (x / Math.max(1, width)) * view.length;

interface Tick {
  readonly frame: number;
  readonly major: boolean;
}

/**
 * Marks of the ruler within the view: whole seconds (or minutes) as far as they are wide enough, single frames where
 * those are. Never more than the width has room for, however long the film is.
 */
export function ticks(view: View, fps: number, width: number): { marks: Tick[]; everySeconds: number } {
  const pxPerFrame = width / view.length;
  const everySeconds = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600].find((s) => s * fps * pxPerFrame >= 76) ?? 1200;
  const marks: Tick[] = [];
  const end = view.from + view.length;
  for (let s = Math.max(0, Math.floor(view.from / fps / everySeconds) * everySeconds); ; s += everySeconds) {
    const frame = Math.max(0, Math.ceil(s * fps - 1e-6));
    if (frame > end) break;
    if (frame >= view.from) marks.push({ frame, major: true });
  }
  if (pxPerFrame >= 7) {
    const major = new Set(marks.map(({ frame }) => frame));
    for (let frame = Math.max(0, Math.ceil(view.from)); frame <= end; frame += 1)
      if (!major.has(frame)) marks.push({ frame, major: false });
  }
  return { marks, everySeconds };
}

/** Left edges (in frames) of the pictures that fill the view, laid out from frame 0 so that they stay while it moves. */
export function pictures(
  view: View,
  total: number,
  width: number,
  pictureWidth: number,
): { from: number; at: number }[] {
  const step = (pictureWidth / width) * view.length;
  const list: { from: number; at: number }[] = [];
  for (let n = Math.floor(view.from / step); n * step < Math.min(total, view.from + view.length); n += 1)
    list.push({ from: n * step, at: Math.min(total - 1, Math.floor((n + 0.5) * step)) });
  return list;
}
