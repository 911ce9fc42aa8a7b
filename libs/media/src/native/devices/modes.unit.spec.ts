import { describe, expect, it } from 'vitest';
import { bestFormat, chooseMode, describeModes, type DeviceMode } from './modes.ts';

const rates = (...fps: number[]) => fps.map((num) => ({ num, den: 1 }));
/** As webcams are: raw at high rates only in small, MJPEG for the rest. */
const webcam: DeviceMode[] = [
  { pixelFormat: 'MJPG', width: 1920, height: 1080, frameRates: rates(30, 25) },
  { pixelFormat: 'MJPG', width: 3840, height: 2160, frameRates: rates(30) },
  { pixelFormat: 'YUYV', width: 640, height: 480, frameRates: rates(30, 15) },
  { pixelFormat: 'MJPG', width: 640, height: 480, frameRates: rates(30, 15) },
  { pixelFormat: 'YUYV', width: 1920, height: 1080, frameRates: rates(5) },
];
const scaling: DeviceMode = {
  pixelFormat: 'NV12',
  width: 16,
  height: 16,
  largest: { width: 4096, height: 2160 },
  frameRates: rates(60, 1),
  anyRate: true,
};
const choose = (modes: DeviceMode[], frameRate: number, width?: number, height?: number) =>
  chooseMode('/dev/video0 (Camera)', modes, { width, height, frameRate });

describe('the mode of a device', () => {
  it.each([
    ['raw where it has the rate', webcam, 30, 640, 480, 'YUYV 640x480'],
    ['compressed where raw is too slow', webcam, 30, 1920, 1080, 'MJPG 1920x1080'],
    ['raw at a low rate', webcam, 5, 1920, 1080, 'YUYV 1920x1080'],
    ['more than full HD when it is asked for', webcam, 30, 3840, 2160, 'MJPG 3840x2160'],
    ['full HD at most when nothing is', webcam, 30, undefined, undefined, 'MJPG 1920x1080'],
    ['the largest that has the rate', webcam, 15, undefined, undefined, 'YUYV 640x480'],
    ['any size of a device that scales', [scaling], 25, 720, 576, 'NV12 720x576'],
    ['full HD of a device that scales', [scaling], 60, undefined, undefined, 'NV12 1920x1080'],
    [
      '29.97 for 30',
      [{ ...scaling, anyRate: false, frameRates: [{ num: 30_000, den: 1001 }] }],
      30,
      640,
      360,
      'NV12 640x360',
    ],
    ['a device that does not tell its rates', [{ ...scaling, frameRates: [] }], 50, 640, 360, 'NV12 640x360'],
  ])('is %s', (_, modes, frameRate, width, height, expected) => {
    const mode = choose(modes, frameRate, width, height);
    expect(`${mode.pixelFormat} ${mode.width}x${mode.height}`).toBe(expected);
  });

  it.each([
    [
      60,
      1920,
      1080,
      /^\/dev\/video0 \(Camera\) does not offer 1920x1080 at 60\/s; it offers 1920x1080 at 30, 25 \(MJPG\), 5 /,
    ],
    [30, 800, 600, /does not offer 800x600 at 30\/s/],
    [50, undefined, undefined, /does not offer any size up to 1920x1080 at 50\/s/],
  ])('at %i/s and %ix%i is refused with what is offered', (frameRate, width, height, message) => {
    expect(() => choose(webcam, frameRate, width, height)).toThrow(message);
  });

  it('of a device without a known format is refused', () => {
    expect(() => choose([], 30)).toThrow(/it offers no pixel format that is taken/);
  });
});

it('prefers 4:2:2, then 4:2:0, then what is compressed', () => {
  expect(bestFormat(['H264', 'MJPG', 'NV12', 'UYVY'])).toBe('UYVY');
  expect(bestFormat(['H264', 'MJPG', 'NV12'])).toBe('NV12');
  expect(bestFormat(['BGR4'])).toBeUndefined();
});

it('is described in a line for each size', () => {
  expect(describeModes([...webcam, scaling])).toEqual([
    '1920x1080 at 30, 25 (MJPG), 5 (YUYV)',
    '3840x2160 at 30 (MJPG)',
    '640x480 at 30, 15 (YUYV, MJPG)',
    '16x16 to 4096x2160 at 60 to 1 (NV12)',
  ]);
});
