import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { inputError, SmartBoxError, transientError } from '@smartbox/kernel';
import type { Stream } from 'node-av/lib';
import type { OpenOptions } from '../av.ts';
import type { IngestHandlers, IngestOptions } from '../ingest-paths.ts';
import { ingestFrom } from '../ingest.ts';
import { Device } from './device.ts';
import type { Timings } from './input.ts';
import { listDevices } from './list.ts';
import { bestFormat, chooseMode, inputFormat, type ChosenMode } from './modes.ts';

/** How often an input is asked about its signal, ms. */
const LOOK_MS = 250;

/**
 * Captures from a V4L2 device until `signal` aborts. While its input has no signal nothing is captured, and the
 * handler is told why; a signal of another kind is captured anew, in its own size and rate.
 * @throws SmartBoxError `device-missing` (also when it is unplugged), `device-not-allowed`, `device-busy`,
 *   `not-a-camera`, `mode-not-offered`, `media-error`.
 */
export async function runDevice(options: IngestOptions, handlers: IngestHandlers): Promise<void> {
  const device = await openDevice(options.url);
  try {
    while (!options.signal.aborted) {
      const { noSignal, timings } = device.input();
      handlers.onNoSignal?.(noSignal);
      if (noSignal === undefined) await capture(device, timings, options, handlers);
      else await delay(LOOK_MS, undefined, { signal: options.signal }).catch(() => undefined);
      if (!device.present) throw transientError('device-missing', `${device.label} has been unplugged`);
    }
  } finally {
    device.close();
  }
}

/** Until the signal is lost or changes, the device is unplugged, or the capture is to end. */
async function capture(
  device: Device,
  timings: Timings | undefined,
  options: IngestOptions,
  handlers: IngestHandlers,
): Promise<void> {
  const mode = modeFor(device, timings, options);
  if (device.busy)
    throw transientError('device-busy', `${device.label} is in use by another program; wanted ${describe(mode)}`);
  if (timings) device.followTimings();
  const over = new AbortController();
  const look = setInterval(() => {
    const now = device.input();
    if (now.noSignal !== undefined || !isDeepStrictEqual(now.timings, timings)) over.abort();
  }, LOOK_MS);
  const signal = AbortSignal.any([options.signal, over.signal]);
  const source = {
    url: device.path,
    open: openOptions(mode),
    verify: (stream: Stream) => verify(device, mode, stream),
  };
  try {
    await ingestFrom(source, { ...options, signal }, handlers);
  } catch (error) {
    if (device.present) throw error;
  } finally {
    clearInterval(look);
  }
}

/** A mode with the rate that is asked for; none where the sender decides it. */
type Mode = ChosenMode & { readonly frameRate?: number };

/** @throws SmartBoxError `mode-not-offered`. */
function modeFor(device: Device, timings: Timings | undefined, options: IngestOptions): Mode {
  if (!timings) {
    const wanted = { width: options.width, height: options.height, frameRate: options.frameRate ?? 30 };
    return { ...chooseMode(device.label, device.modes(), wanted), frameRate: wanted.frameRate };
  }
  const pixelFormat = bestFormat(device.formats());
  if (pixelFormat === undefined)
    throw inputError('mode-not-offered', `${device.label} offers no pixel format that is taken`);
  return { pixelFormat, width: timings.width, height: timings.height };
}

const describe = ({ width, height, frameRate }: Mode): string =>
  `${width}x${height}${frameRate === undefined ? '' : ` at ${frameRate}/s`}`;

function openOptions({ pixelFormat, width, height, frameRate }: Mode): OpenOptions {
  return {
    format: 'v4l2',
    // a device without a signal would hold its reader for ever
    waitless: true,
    options: {
      input_format: inputFormat(pixelFormat) ?? '',
      video_size: `${width}x${height}`,
      ...(frameRate === undefined ? {} : { framerate: String(frameRate) }),
    },
  };
}

/** A driver may take another size than it was told, and FFmpeg goes along with it. */
function verify(device: Device, { width, height, pixelFormat }: Mode, stream: Stream): void {
  const { width: w, height: h } = stream.codecpar;
  if (w === width && h === height) return;
  throw inputError(
    'mode-not-offered',
    `${device.label} was asked for ${width}x${height} (${pixelFormat}) and delivers ${w}x${h}`,
  );
}

/** @throws SmartBoxError as `Device.open`; a missing one is answered with those that are there. */
async function openDevice(path: string): Promise<Device> {
  try {
    return Device.open(path);
  } catch (error) {
    if (!(error instanceof SmartBoxError) || error.code !== 'device-missing') throw error;
    const { devices } = await listDevices();
    const there = devices.map(({ path: other, name }) => `${other} (${name})`).join(', ') || 'none';
    throw transientError('device-missing', `there is no device ${path}; found: ${there}`);
  }
}
