import { colourOf } from './colours.ts';
import { freshness } from './drawing-board.ts';
import type { Line, Pointer } from './drawing-board.ts';
import { pointAt } from './picture-place.ts';
import type { Box } from './picture-place.ts';

/** Width of a line as a share of the picture's height: the same on every screen. */
const THICKNESS = 0.009;
const EDGE = 'rgb(5 8 11 / 70%)';

type Context = Pick<
  CanvasRenderingContext2D,
  | 'beginPath'
  | 'moveTo'
  | 'lineTo'
  | 'quadraticCurveTo'
  | 'arc'
  | 'stroke'
  | 'fill'
  | 'fillText'
  | 'strokeText'
  | 'save'
  | 'restore'
> & {
  globalAlpha: number;
  lineWidth: number;
  strokeStyle: unknown;
  fillStyle: unknown;
  lineCap: CanvasLineCap;
  lineJoin: CanvasLineJoin;
  font: string;
};

/** Lines and pointers, each in its person's colour over a dark edge, so that it is seen on any picture. */
export function paint(
  context: Context,
  picture: Box,
  seen: { lines: readonly Line[]; pointers: readonly Pointer[] },
  names: ReadonlyMap<string, string>,
  now: number,
): void {
  const width = Math.max(2, picture.height * THICKNESS);
  context.save();
  context.lineCap = 'round';
  context.lineJoin = 'round';
  for (const line of seen.lines) {
    context.globalAlpha = freshness(line, now);
    for (const [style, thickness] of [
      [EDGE, width * 2],
      [colourOf(line.colour), width],
    ] as const) {
      context.strokeStyle = style;
      context.lineWidth = thickness;
      trace(context, picture, line);
      context.stroke();
    }
  }
  context.globalAlpha = 1;
  for (const pointer of seen.pointers)
    paintPointer(context, picture, pointer, width, names.get(pointer.personId) ?? '');
  context.restore();
}

/** Through the middles between the points: a hand draws no corners. */
function trace(context: Context, picture: Box, { places }: Line): void {
  const [first, ...rest] = places.map((place) => pointAt(picture, place));
  if (!first) return;
  context.beginPath();
  context.moveTo(first.x, first.y);
  if (rest.length === 0) context.lineTo(first.x + 0.01, first.y);
  for (const [i, point] of rest.entries()) {
    const next = rest[i + 1];
    if (next) context.quadraticCurveTo(point.x, point.y, (point.x + next.x) / 2, (point.y + next.y) / 2);
    else context.lineTo(point.x, point.y);
  }
}

function paintPointer(context: Context, picture: Box, { place, colour }: Pointer, width: number, name: string): void {
  const { x, y } = pointAt(picture, place);
  context.beginPath();
  context.arc(x, y, width * 2.2, 0, 2 * Math.PI);
  context.lineWidth = width * 1.6;
  context.strokeStyle = EDGE;
  context.stroke();
  context.lineWidth = width * 0.8;
  context.strokeStyle = colourOf(colour);
  context.stroke();
  if (name === '') return;
  context.font = `600 ${Math.max(12, width * 3.2)}px Inter, sans-serif`;
  context.lineWidth = width;
  context.strokeStyle = EDGE;
  context.strokeText(name, x + width * 4, y - width * 3);
  context.fillStyle = colourOf(colour);
  context.fillText(name, x + width * 4, y - width * 3);
}
