import { avGetPixFmtName, type Frame } from 'node-av/lib';
import type { AVPixelFormat } from 'node-av/constants';

const CELLS = 16;
const SAMPLES = 8;
/** Luma levels of 8 bits. */
const VISIBLE = 8;
const BLACK = 24;
const SCENE = 24;

/** A picture in 16 x 16 mean luma levels (8 bit): enough to see movement, black, and another scene. */
export function lookOf(frame: Frame): Uint8Array {
  const look = new Uint8Array(CELLS * CELLS);
  const [plane] = frame.data ?? [];
  const stride = frame.linesize[0] ?? 0;
  if (!plane || stride <= 0) return look;
  const depth = Number(/p(\d+)[lb]e$/.exec(avGetPixFmtName(frame.format as AVPixelFormat) ?? '')?.[1] ?? 8);
  const sampleBytes = depth > 8 ? 2 : 1;
  const steps = CELLS * SAMPLES;
  const sums = new Uint32Array(CELLS * CELLS);
  for (let j = 0; j < steps; j++) {
    const line = Math.floor((j * frame.height) / steps) * stride;
    for (let i = 0; i < steps; i++) {
      const at = line + Math.floor((i * frame.width) / steps) * sampleBytes;
      const low = plane[at] ?? 0;
      const value = sampleBytes === 1 ? low : (low | ((plane[at + 1] ?? 0) << 8)) >> (depth - 8);
      const cell = Math.floor(j / SAMPLES) * CELLS + Math.floor(i / SAMPLES);
      sums[cell] = (sums[cell] ?? 0) + value;
    }
  }
  return look.map((_, i) => Math.round((sums[i] ?? 0) / (SAMPLES * SAMPLES)));
}

/** Somewhere in the picture something changed that a person can see. */
export const moved = (a: Uint8Array, b: Uint8Array): boolean =>
  a.some((value, i) => Math.abs(value - (b[i] ?? 0)) > VISIBLE);

/** Luma of limited range black is 16. */
export const isBlack = (look: Uint8Array): boolean => look.every((value) => value < BLACK);

export const isCut = (a: Uint8Array, b: Uint8Array): boolean =>
  a.reduce((sum, value, i) => sum + Math.abs(value - (b[i] ?? 0)), 0) / a.length > SCENE;
