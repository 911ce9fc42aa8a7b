import { z } from 'zod';
import { Token } from './primitives.ts';

const FrameRate = z.object({ num: z.int().positive(), den: z.int().positive() });
/** A camera or frame grabber of the station (V4L2). */
export const CaptureDevice = z.object({
  /** `/dev/video0`: may belong to another camera after the next start. */
  path: z.string(),
  /** Keeps meaning this device: what a configuration should name, where there is one. */
  stablePath: z.string().optional(),
  name: z.string(),
  driver: z.string(),
  /** Where it is plugged in. */
  bus: z.string(),
  /** Somebody captures from it, maybe this station. */
  busy: z.boolean(),
  input: z.object({
    name: z.string(),
    /** Why no pictures are to be expected: `HDMI 0 has no signal`. Many devices cannot tell. */
    noSignal: z.string().optional(),
    /** What it is being sent, where the sender decides it (HDMI, SDI). */
    timings: z.object({ width: z.int(), height: z.int(), frameRate: FrameRate, interlaced: z.boolean() }).optional(),
  }),
  modes: z.array(
    z.object({
      /** V4L2's four characters: `YUYV`, `MJPG`. */
      pixelFormat: z.string(),
      width: z.int(),
      height: z.int(),
      /** Every size from the one above up to this one. */
      largest: z.object({ width: z.int(), height: z.int() }).optional(),
      /** Fastest first; empty where the device does not say. */
      frameRates: z.array(FrameRate),
      /** Every rate between the first and the last one. */
      anyRate: z.boolean().optional(),
    }),
  ),
});
export type CaptureDevice = z.infer<typeof CaptureDevice>;

/** rpc.capture-edge.list-devices, answered per station. */
export const ListDevicesRequest = z.object({ stationId: Token });
/** Also the answer of GET /stations/:id/devices. */
export const DevicesReply = z.object({
  devices: z.array(CaptureDevice),
  /** Devices that could not be asked, and why. */
  problems: z.array(z.string()),
});
export type DevicesReply = z.infer<typeof DevicesReply>;
/** Body of POST /stations/:id/device-picture: a device as a source would open it. */
export const DevicePictureWish = z.object({
  /** `path` or `stablePath` of one of the station's devices. */
  path: z.string().regex(/^\/dev\/(video\d{1,3}|v4l\/by-(id|path)\/[^/]{1,255})$/, 'no name of a camera'),
  /** Both or neither; without them: the largest size up to 1920x1080. */
  width: z.int().min(64).max(7680).optional(),
  height: z.int().min(64).max(4320).optional(),
  /** Frames per second. Size and rate are the sender's where that decides them (HDMI, SDI). */
  frameRate: z.number().min(1).max(120).default(30),
});
export type DevicePictureWish = z.infer<typeof DevicePictureWish>;
/** rpc.capture-edge.take-device-picture, answered per station within twelve seconds. */
export const DevicePictureRequest = DevicePictureWish.extend({ stationId: Token });
/** Also the answer of POST /stations/:id/device-picture. */
export const DevicePicture = z.object({
  /** JPEG, base64, at most 960 pixels wide. */
  jpeg: z.base64(),
  /** As the device delivers it. */
  width: z.int().positive(),
  height: z.int().positive(),
  /** V4L2's four characters. */
  pixelFormat: z.string(),
  /** From opening the device to its first picture. */
  firstPictureMs: z.int().nonnegative(),
});
export type DevicePicture = z.infer<typeof DevicePicture>;
