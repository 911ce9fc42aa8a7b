import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { frameAt, frameGaps, framesPerSecond, shuttle, spriteTile, stepTime, timeOfFrame } from './frames.ts';

describe('frame stepping', () => {
  const rates = [
    { num: 25, den: 1 },
    { num: 30, den: 1 },
    { num: 30_000, den: 1001 },
    { num: 60, den: 1 },
  ];

  it('finds the frame that its own time names, at any rate', () => {
    fc.assert(
      fc.property(fc.constantFrom(...rates), fc.nat(200_000), (rate, frame) => {
        const fps = framesPerSecond(rate);
        expect(frameAt(timeOfFrame(frame, fps), fps)).toBe(frame);
        // The media time of a frame is its start, rounded to the time base of the file (1/90000 s).
        expect(frameAt(Math.round((frame / fps) * 90_000) / 90_000, fps)).toBe(frame);
      }),
    );
  });

  it('moves by exactly one frame and stays within the clip', () => {
    fc.assert(
      fc.property(fc.constantFrom(...rates), fc.integer({ min: 1, max: 5000 }), fc.nat(6000), (rate, frames, at) => {
        const fps = framesPerSecond(rate);
        const frame = Math.min(at, frames - 1);
        const here = timeOfFrame(frame, fps);
        expect(frameAt(stepTime(here, 1, { fps, frames }), fps)).toBe(Math.min(frame + 1, frames - 1));
        expect(frameAt(stepTime(here, -1, { fps, frames }), fps)).toBe(Math.max(frame - 1, 0));
      }),
    );
  });

  it('counts frames, not time, where the clip has gaps, and steps over them', () => {
    const gaps = frameGaps(
      [
        { atMs: 1_000, durationMs: 5_100 },
        { atMs: 8_000, durationMs: 500 },
      ],
      30,
    );
    const clip = { fps: 30, frames: 177, gaps };
    expect(frameAt(0.99, 30, gaps)).toBe(29);
    expect(frameAt(3, 30, gaps)).toBe(29);
    expect(frameAt(6.1, 30, gaps)).toBe(30);
    expect(stepTime(0.98, 1, clip)).toBeCloseTo(6.1 + 0.5 / 30);
    expect(stepTime(6.11, -1, clip)).toBeCloseTo(29.5 / 30);
    fc.assert(
      fc.property(fc.nat(176), (frame) => {
        expect(frameAt(timeOfFrame(frame, 30, gaps), 30, gaps)).toBe(frame);
      }),
    );
  });

  it('finds the tile of the sprite sheet', () => {
    const sprite = { columns: 10, rows: 6, tileWidth: 160, tileHeight: 90, count: 60, intervalMs: 2000 };
    expect(spriteTile(sprite, 0)).toEqual({ x: 0, y: 0 });
    expect(spriteTile(sprite, 23_000)).toEqual({ x: 160, y: 90 });
    expect(spriteTile(sprite, 999_000)).toEqual({ x: 1440, y: 450 });
  });

  it('speeds up with L, turns with J, rests with K', () => {
    expect(shuttle(0, 'l')).toBe(1);
    expect(shuttle(1, 'l')).toBe(2);
    expect(shuttle(8, 'l')).toBe(8);
    expect(shuttle(4, 'j')).toBe(-1);
    expect(shuttle(-1, 'j')).toBe(-2);
    expect(shuttle(-2, 'k')).toBe(0);
  });
});
