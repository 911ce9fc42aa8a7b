/** Frames per second of a rational such as 30000/1001. */
export function framesPerSecond(rate: { num: number; den: number }): number {
  return rate.num / rate.den;
}

/** Number (from 0) of the frame on the screen at a media time in seconds. */
export function frameAt(seconds: number, fps: number): number {
  // Half a millisecond of grace: media times of a frame are rounded to the time base of the file.
  return Math.max(0, Math.floor((seconds + 0.0005) * fps));
}

/** The middle of a frame: a seek there cannot land on a neighbour, whatever is rounded on the way. */
export function timeOfFrame(frame: number, fps: number): number {
  return (Math.max(0, frame) + 0.5) / fps;
}

/** Where to seek to show the frame `by` frames away, within the clip. */
export function stepTime(seconds: number, by: number, fps: number, frames: number): number {
  const target = Math.min(Math.max(0, frames - 1), Math.max(0, frameAt(seconds, fps) + by));
  return timeOfFrame(target, fps);
}

export interface Sprite {
  columns: number;
  rows: number;
  tileWidth: number;
  tileHeight: number;
  count: number;
  intervalMs: number;
}

/** The tile of the sprite sheet for a time, as an offset in pixels. */
export function spriteTile(sprite: Sprite, ms: number): { x: number; y: number } {
  const index = Math.min(Math.max(0, sprite.count - 1), Math.max(0, Math.floor(ms / sprite.intervalMs)));
  return {
    x: (index % sprite.columns) * sprite.tileWidth,
    y: Math.floor(index / sprite.columns) * sprite.tileHeight,
  };
}

const speeds = [1, 2, 4, 8] as const;

/** J, K, L: what the next press makes of the speed. 0 is paused; backwards is negative. */
export function shuttle(speed: number, key: 'j' | 'k' | 'l'): number {
  if (key === 'k') return 0;
  const direction = key === 'l' ? 1 : -1;
  if (Math.sign(speed) !== direction) return direction;
  const next = speeds.find((s) => s > Math.abs(speed)) ?? 8;
  return direction * next;
}
