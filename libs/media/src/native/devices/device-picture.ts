import { setTimeout as delay } from 'node:timers/promises';
import { SmartBoxError, transientError } from '@smartbox/kernel';
import { Frame, Packet, type FormatContext, type Stream } from 'node-av/lib';
import { check, isEarly, openMedia, shown, videoStream } from '../av.ts';
import type { IngestInput } from '../ingest.ts';
import { encodeJpeg } from '../pictures.ts';
import { allocatePicture, Scaler } from '../scaler.ts';
import { PictureDecoder } from '../whole-pictures.ts';
import type { WantedMode } from './modes.ts';
import { openDevice, prepareCapture, unplugged } from './opening.ts';

/** A device that has delivered nothing by then, ms, is given up. */
const PATIENCE_MS = 5000;
/** A camera is looked at for so long after its first picture, ms: by then it has found its exposure. */
const SETTLE_MS = 800;
const POLL_MS = 5;
/** The picture is to be looked at: at most so wide. */
const SHOWN_WIDTH = 960;
const QUALITY = 3;

export interface DevicePicture {
  readonly jpeg: Buffer;
  /** As the device delivers it; the JPEG is at most 960 wide. */
  readonly width: number;
  readonly height: number;
  readonly pixelFormat: string;
  /** From opening the device to its first picture. */
  readonly firstPictureMs: number;
}

/**
 * One picture of a V4L2 device, in the mode that a source would open it in; the device is free again afterwards. Takes
 * six seconds at most, unless its driver hangs.
 * @throws SmartBoxError `device-missing` (also when it is unplugged), `device-not-allowed`, `device-busy`,
 *   `device-no-signal`, `device-silent`, `not-a-camera`, `mode-not-offered`, `media-error`.
 */
export async function takeDevicePicture(path: string, wanted: WantedMode): Promise<DevicePicture> {
  const device = await openDevice(path);
  try {
    const { noSignal, timings } = device.input();
    if (noSignal !== undefined) throw transientError('device-no-signal', `${device.label}: ${noSignal}`);
    const { mode, source } = prepareCapture(device, timings, wanted);
    const picture = await lookThrough(source).catch((error: unknown) => {
      throw device.present ? error : unplugged(device);
    });
    if (picture) return { ...picture, pixelFormat: mode.pixelFormat };
    const lost = device.input().noSignal;
    if (lost !== undefined) throw transientError('device-no-signal', `${device.label}: ${lost}`);
    throw transientError('device-silent', `${device.label} delivered no picture within ${PATIENCE_MS} ms`);
  } finally {
    device.close();
  }
}

type Looked = Omit<DevicePicture, 'pixelFormat'>;

async function lookThrough(source: IngestInput): Promise<Looked | undefined> {
  const begun = performance.now();
  const input = await openMedia(source.url, source.open);
  try {
    const stream = videoStream(input, source.url);
    source.verify?.(stream);
    return await lastPicture(input, stream, source.url, begun);
  } finally {
    await input.closeInput();
  }
}

async function lastPicture(
  input: FormatContext,
  stream: Stream,
  path: string,
  begun: number,
): Promise<Looked | undefined> {
  const decoder = new PictureDecoder(stream);
  const packet = new Packet();
  const held = new Frame();
  packet.alloc();
  held.alloc();
  let first: number | undefined;
  const hold = (frame: Frame): void => {
    first ??= performance.now();
    held.unref();
    held.ref(frame);
  };
  try {
    while (performance.now() < (first === undefined ? begun + PATIENCE_MS : first + SETTLE_MS)) {
      const code = input.readFrameSync(packet);
      if (isEarly(code)) {
        await delay(POLL_MS);
        continue;
      }
      check(code, `read ${shown(path)}`);
      decodeUnlessDamaged(decoder, packet, hold);
      packet.unref();
    }
    return first === undefined ? undefined : { ...toJpeg(held), firstPictureMs: Math.round(first - begun) };
  } finally {
    held.free();
    packet.free();
    decoder.close();
  }
}

/** A webcam's first picture is often half a one: the next counts. */
function decodeUnlessDamaged(decoder: PictureDecoder, packet: Packet, hold: (frame: Frame) => void): void {
  try {
    decoder.decode(packet, hold);
  } catch (error) {
    if (!(error instanceof SmartBoxError) || error.code !== 'media-error') throw error;
  }
}

function toJpeg(frame: Frame): Pick<Looked, 'jpeg' | 'width' | 'height'> {
  const { width, height, sampleAspectRatio } = frame;
  const { num, den } = sampleAspectRatio;
  const square = width * (num > 0 && den > 0 ? num / den : 1);
  const scale = Math.min(1, SHOWN_WIDTH / square);
  const even = (pixels: number): number => 2 * Math.max(1, Math.round((pixels * scale) / 2));
  const target = allocatePicture('jpeg-420', even(square), even(height));
  const scaler = new Scaler();
  try {
    scaler.scale(target, frame);
    return { jpeg: encodeJpeg(target, QUALITY), width, height };
  } finally {
    target.free();
    scaler.close();
  }
}
