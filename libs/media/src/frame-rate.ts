/** Frames per second as a fraction: 30000/1001 is `{ num: 30000, den: 1001 }`. */
export interface FrameRate {
  readonly num: number;
  readonly den: number;
}

/** Ticks per second of every time in this library: the usual clock of H.264 transport. */
export const TIMESCALE = 90_000;

const COMMON: readonly FrameRate[] = [
  { num: 24, den: 1 },
  { num: 25, den: 1 },
  { num: 30, den: 1 },
  { num: 50, den: 1 },
  { num: 60, den: 1 },
  { num: 24_000, den: 1001 },
  { num: 30_000, den: 1001 },
  { num: 60_000, den: 1001 },
];

/**
 * The exact rate meant by a measured one: 29.97 is 30000/1001; anything unusual is kept to 1/1000.
 * @param tolerance relative error of the measurement; 1 % where time stamps are whole milliseconds.
 */
export function snapFrameRate(fps: number, tolerance = 0.0005): FrameRate {
  const error = (rate: FrameRate) => Math.abs(rate.num / rate.den - fps) / fps;
  const near = [...COMMON, { num: Math.round(fps), den: 1 }]
    .filter((rate) => error(rate) < tolerance)
    .sort((a, b) => error(a) - error(b))[0];
  return near ?? { num: Math.round(fps * 1000), den: 1000 };
}
