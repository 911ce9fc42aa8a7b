import type { Sprite } from '../clip/frames.ts';
import { spriteTile } from '../clip/frames.ts';
import classes from './FilmTimeline.module.css';
import { pictures, xOf } from './view.ts';
import type { View } from './view.ts';

const HEIGHT = 64;

interface Props {
  view: View;
  width: number;
  total: number;
  timeOf: (frame: number) => number;
  sheet: { url: string; sprite: Sprite } | undefined;
}

/** Pictures out of the sprite sheet; only as many as the screen has room for, whatever the film's length. */
export function Filmstrip({ view, width, total, timeOf, sheet }: Props) {
  if (!sheet || width === 0) return <span className={classes.blank} />;
  const { url, sprite } = sheet;
  const scale = HEIGHT / sprite.tileHeight;
  const tileWidth = sprite.tileWidth * scale;
  return pictures(view, total, width, tileWidth).map(({ from, at }) => {
    const { x, y } = spriteTile(sprite, timeOf(at));
    return (
      <span
        key={from}
        className={classes.picture}
        style={{
          left: xOf(view, from, width),
          width: Math.min(tileWidth, xOf(view, total, width) - xOf(view, from, width)),
          backgroundImage: `url("${url}")`,
          backgroundSize: `${sprite.columns * tileWidth}px ${sprite.rows * HEIGHT}px`,
          backgroundPosition: `-${x * scale}px -${y * scale}px`,
        }}
      />
    );
  });
}
