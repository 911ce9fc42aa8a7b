import type { CaptureDevice } from '@smartbox/contracts';
import { SourceConfig } from '@smartbox/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arriving, offersOf, sameChoice, usualChoice } from './device-modes.ts';

type Mode = CaptureDevice['modes'][number];
const mode = (pixelFormat: string, width: number, height: number, ...fps: number[]): Mode => ({
  pixelFormat,
  width,
  height,
  frameRates: fps.map((num) => ({ num, den: 1 })),
});

describe('what a device offers', () => {
  it('is a line for each size, the largest first, a rate named once with all its formats', () => {
    const offers = offersOf([
      mode('YUYV', 640, 480, 30),
      mode('MJPG', 1920, 1080, 30, 60),
      mode('NV12', 3840, 2160, 30),
      mode('YUYV', 1920, 1080, 30),
    ]);
    expect(offers.map(({ width, grade, rates }) => [width, grade, rates.map(({ fps, formats }) => [fps, formats])])).toEqual([
      [3840, '4k', [[30, ['NV12']]]],
      [1920, 'full-hd', [[60, ['MJPG']], [30, ['MJPG', 'YUYV']]]],
      [640, undefined, [[30, ['YUYV']]]],
    ]); // prettier-ignore
  });

  it('can be set at 59.94 as 60, not at 7.5, not in an odd size; without a known rate at 30', () => {
    const ntsc: Mode = { ...mode('YUYV', 1280, 720), frameRates: [{ num: 60_000, den: 1001 }, { num: 15, den: 2 }] }; // prettier-ignore
    const [hd, silent, odd] = offersOf([ntsc, mode('YUYV', 640, 480), mode('YUYV', 321, 240, 30)]);
    expect(hd?.rates.map(({ choice }) => choice)).toEqual([{ width: 1280, height: 720, frameRate: 60 }, undefined]);
    expect(silent?.rates).toEqual([
      { fps: undefined, formats: ['YUYV'], choice: { width: 640, height: 480, frameRate: 30 } },
    ]);
    expect(odd?.rates[0]?.choice).toBeUndefined();
  });

  it('of one that scales is the usual sizes and rates between its smallest and its largest', () => {
    const scales: Mode = { ...mode('UYVY', 720, 576, 50, 24), largest: { width: 1920, height: 1200 }, anyRate: true };
    const offers = offersOf([scales]);
    expect(offers.map(({ width, height }) => `${width}x${height}`)).toEqual(['1920x1200', '1920x1080', '1280x720']);
    expect(offers[0]?.rates.map(({ fps }) => fps)).toEqual([50, 30, 25]);
  });

  it('is never something that a station’s file may not say', () => {
    const any = fc.record({
      pixelFormat: fc.constantFrom('YUYV', 'MJPG'),
      width: fc.integer({ min: 1, max: 10_000 }),
      height: fc.integer({ min: 1, max: 10_000 }),
      frameRates: fc.array(fc.record({ num: fc.integer({ min: 1, max: 300_000 }), den: fc.integer({ min: 1, max: 1001 }) })), // prettier-ignore
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 8 }), (modes) => {
        for (const { choice } of offersOf(modes).flatMap(({ rates }) => rates)) {
          if (!choice) continue;
          const source = { id: 'a', name: 'A', kind: 'v4l2', url: '/dev/video0', ...choice };
          expect(SourceConfig.safeParse(source).success).toBe(true);
        }
      }),
    );
  });
});

describe('what an input is being sent', () => {
  const timings = { width: 1920, height: 1080, frameRate: { num: 60_000, den: 1001 }, interlaced: false };

  it('is taken as it comes', () => {
    const comes = { width: 1920, height: 1080, frameRate: 60, asItComes: true };
    expect(arriving({ name: 'HDMI 0', timings })).toEqual(comes);
    expect(sameChoice(arriving({ name: 'HDMI 0', timings }), { width: 1920, height: 1080, frameRate: 60 })).toBe(false);
  });

  it('is nothing without a signal, and of a webcam', () => {
    expect(arriving({ name: 'HDMI 0', timings, noSignal: 'HDMI 0 has no signal' })).toBeUndefined();
    expect(arriving({ name: 'Camera 1' })).toBeUndefined();
  });
});

it('is looked at as it comes, else in its largest mode up to full HD', () => {
  const input = { name: 'HDMI 0' };
  const timings = { width: 1280, height: 720, frameRate: { num: 50, den: 1 }, interlaced: false };
  const modes = [mode('MJPG', 3840, 2160, 30), mode('YUYV', 1920, 1080, 5), mode('MJPG', 1920, 1080, 60)];
  expect(usualChoice({ input: { ...input, timings }, modes })).toMatchObject({ width: 1280, asItComes: true });
  expect(usualChoice({ input, modes })).toEqual({ width: 1920, height: 1080, frameRate: 60 });
  expect(usualChoice({ input, modes: modes.slice(0, 1) })).toMatchObject({ width: 3840 });
  expect(usualChoice({ input, modes: [] })).toBeUndefined();
});
