/** Frames per second of a rational such as 30000/1001. */
export function framesPerSecond(rate: { num: number; den: number }): number {
  return rate.num / rate.den;
}

/** A stretch of a clip without frames, in whole frame periods from the start of the clip. */
export interface FrameGap {
  at: number;
  length: number;
}

/** Gaps in the unit that frames are counted in. */
export function frameGaps(gaps: readonly { atMs: number; durationMs: number }[], fps: number): FrameGap[] {
  return gaps
    .map((gap) => ({ at: Math.round((gap.atMs / 1000) * fps), length: Math.round((gap.durationMs / 1000) * fps) }))
    .filter((gap) => gap.length > 0)
    .sort((a, b) => a.at - b.at);
}

/** Number (from 0) of the frame on the screen at a media time in seconds; within a gap the last one before it stays. */
export function frameAt(seconds: number, fps: number, gaps: readonly FrameGap[] = []): number {
  // Half a millisecond of grace: media times of a frame are rounded to the time base of the file.
  const slot = Math.max(0, Math.floor((seconds + 0.0005) * fps));
  let missing = 0;
  for (const gap of gaps) {
    if (slot < gap.at) break;
    if (slot < gap.at + gap.length) return Math.max(0, gap.at - missing - 1);
    missing += gap.length;
  }
  return slot - missing;
}

/** The middle of a frame: a seek there cannot land on a neighbour, whatever is rounded on the way. */
export function timeOfFrame(frame: number, fps: number, gaps: readonly FrameGap[] = []): number {
  let slot = Math.max(0, frame);
  for (const gap of gaps) if (slot >= gap.at) slot += gap.length;
  return (slot + 0.5) / fps;
}

/** Where to seek to show the frame `by` frames away, within the clip's `frames`; a gap is stepped over. */
export function stepTime(
  seconds: number,
  by: number,
  { fps, frames, gaps = [] }: { fps: number; frames: number; gaps?: readonly FrameGap[] },
): number {
  const target = Math.min(Math.max(0, frames - 1), Math.max(0, frameAt(seconds, fps, gaps) + by));
  return timeOfFrame(target, fps, gaps);
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
