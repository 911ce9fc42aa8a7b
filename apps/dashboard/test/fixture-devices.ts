import type { CaptureDevice, DevicesReply } from '@smartbox/contracts';

const rates = (...all: number[]) => all.map((num) => ({ num, den: 1 }));

/** What it is being sent counts, not what it lists; a source of OP 1 reads it. */
export const grabber: CaptureDevice = {
  path: '/dev/video0',
  stablePath: '/dev/v4l/by-id/usb-Grabber-index0',
  name: 'Magewell USB Capture HDMI 4K+',
  driver: 'uvcvideo',
  bus: 'usb-0000:00:14.0-4',
  busy: true,
  input: {
    name: 'HDMI 0',
    timings: { width: 1920, height: 1080, frameRate: { num: 60_000, den: 1001 }, interlaced: false },
  },
  modes: [
    { pixelFormat: 'NV12', width: 3840, height: 2160, frameRates: rates(30, 25) },
    { pixelFormat: 'YUYV', width: 1920, height: 1080, frameRates: rates(60, 50, 30) },
  ],
};

/** Like many webcams: fast as MJPEG, slow raw, many sizes, no word of a signal. */
export const webcam: CaptureDevice = {
  path: '/dev/video2',
  stablePath: '/dev/v4l/by-id/usb-046d_Logitech_BRIO_8E3F1A2C-video-index0',
  name: 'Logitech BRIO',
  driver: 'uvcvideo',
  bus: 'usb-0000:00:14.0-9',
  busy: false,
  input: { name: 'Camera 1' },
  modes: [
    { pixelFormat: 'YUYV', width: 640, height: 480, frameRates: rates(30) },
    { pixelFormat: 'YUYV', width: 1920, height: 1080, frameRates: rates(5) },
    { pixelFormat: 'MJPG', width: 3840, height: 2160, frameRates: rates(30) },
    { pixelFormat: 'MJPG', width: 1920, height: 1080, frameRates: [...rates(60, 30, 5), { num: 15, den: 2 }] },
    { pixelFormat: 'MJPG', width: 1280, height: 720, frameRates: rates(60, 30) },
    { pixelFormat: 'MJPG', width: 640, height: 480, frameRates: rates(60, 30) },
    { pixelFormat: 'MJPG', width: 320, height: 240, frameRates: rates(30) },
    { pixelFormat: 'MJPG', width: 160, height: 120, frameRates: rates(30) },
  ],
};

const withoutSignal: CaptureDevice = {
  path: '/dev/video4',
  name: 'Blackmagic Mini Recorder',
  driver: 'bm',
  bus: 'PCI:0000:03:00.0',
  busy: false,
  input: { name: 'SDI', noSignal: 'SDI has no signal' },
  modes: [
    { pixelFormat: 'UYVY', width: 720, height: 576, largest: { width: 1920, height: 1200 }, frameRates: rates(60, 24), anyRate: true }, // prettier-ignore
  ],
};

export const devices: DevicesReply = {
  devices: [grabber, webcam, withoutSignal],
  problems: ['/dev/video6 may not be opened by this user: make it a member of the group "video"'],
};
