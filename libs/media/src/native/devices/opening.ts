import { inputError, SmartBoxError, transientError } from '@smartbox/kernel';
import type { Stream } from 'node-av/lib';
import type { OpenOptions } from '../av.ts';
import type { IngestInput } from '../ingest.ts';
import { Device } from './device.ts';
import type { Timings } from './input.ts';
import { listDevices } from './list.ts';
import { bestFormat, chooseMode, inputFormat, type ChosenMode, type WantedMode } from './modes.ts';

/** A mode with the rate that is asked for; none where the sender decides it. */
type Mode = ChosenMode & { readonly frameRate?: number };

/** @throws SmartBoxError as `Device.open`; a missing one is answered with those that are there. */
export async function openDevice(path: string): Promise<Device> {
  try {
    return Device.open(path);
  } catch (error) {
    if (!(error instanceof SmartBoxError) || error.code !== 'device-missing') throw error;
    const { devices } = await listDevices();
    const there = devices.map(({ path: other, name }) => `${other} (${name})`).join(', ') || 'none';
    throw transientError('device-missing', `there is no device ${path}; found: ${there}`);
  }
}

export const unplugged = (device: Device): SmartBoxError =>
  transientError('device-missing', `${device.label} has been unplugged`);

/**
 * How to capture from a device in the mode that is wanted, or in that of the sender (`timings`), which becomes the
 * device's own.
 * @throws SmartBoxError `mode-not-offered`, `device-busy`.
 */
export function prepareCapture(
  device: Device,
  timings: Timings | undefined,
  wanted: WantedMode,
): { mode: Mode; source: IngestInput } {
  const mode = modeFor(device, timings, wanted);
  if (device.busy)
    throw transientError('device-busy', `${device.label} is in use by another program; wanted ${describe(mode)}`);
  if (timings) device.followTimings();
  const verify = (stream: Stream): void => verifySize(device, mode, stream);
  return { mode, source: { url: device.path, open: openOptions(mode), verify } };
}

function modeFor(device: Device, timings: Timings | undefined, wanted: WantedMode): Mode {
  if (!timings) return { ...chooseMode(device.label, device.modes(), wanted), frameRate: wanted.frameRate };
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
function verifySize(device: Device, { width, height, pixelFormat }: Mode, stream: Stream): void {
  const { width: w, height: h } = stream.codecpar;
  if (w === width && h === height) return;
  throw inputError(
    'mode-not-offered',
    `${device.label} was asked for ${width}x${height} (${pixelFormat}) and delivers ${w}x${h}`,
  );
}
