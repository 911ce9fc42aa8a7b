import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { IngestHandlers, IngestOptions } from '../ingest-paths.ts';
import { ingestFrom } from '../ingest.ts';
import type { Device } from './device.ts';
import type { Timings } from './input.ts';
import { openDevice, prepareCapture, unplugged } from './opening.ts';

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
      if (!device.present) throw unplugged(device);
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
  const { width, height, frameRate = 30 } = options;
  const { source } = prepareCapture(device, timings, { width, height, frameRate });
  const over = new AbortController();
  const look = setInterval(() => {
    const now = device.input();
    if (now.noSignal !== undefined || !isDeepStrictEqual(now.timings, timings)) over.abort();
  }, LOOK_MS);
  const signal = AbortSignal.any([options.signal, over.signal]);
  try {
    await ingestFrom(source, { ...options, signal }, handlers);
  } catch (error) {
    if (device.present) throw error;
  } finally {
    clearInterval(look);
  }
}
