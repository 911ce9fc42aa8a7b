import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { SmartBoxError, toError } from '@smartbox/kernel';
import { Device } from './device.ts';
import type { DeviceInput } from './input.ts';
import type { DeviceMode } from './modes.ts';

/** A camera or frame grabber of this machine. */
export interface CaptureDevice {
  /** `/dev/video0`: may belong to another camera after the next start. */
  readonly path: string;
  /** Keeps meaning this device, whatever else is plugged in; absent where the system makes no such names (udev). */
  readonly stablePath?: string;
  readonly name: string;
  readonly driver: string;
  readonly bus: string;
  /** Somebody captures from it. */
  readonly busy: boolean;
  readonly input: DeviceInput;
  readonly modes: readonly DeviceMode[];
}

export interface DeviceList {
  readonly devices: readonly CaptureDevice[];
  /** Devices that could not be asked, and why: `/dev/video2 may not be opened by this user ...` */
  readonly problems: readonly string[];
}

/** Folders with names that udev makes of what a device is, then of where it is plugged in. */
const STABLE = ['/dev/v4l/by-id', '/dev/v4l/by-path'];

/** Every camera and frame grabber of this machine (V4L2); none elsewhere than on Linux. Disturbs no capture. */
export async function listDevices(): Promise<DeviceList> {
  const names = (await readdir('/dev').catch(() => [])).filter((name) => /^video\d+$/.test(name));
  const paths = names.sort(new Intl.Collator('en', { numeric: true }).compare).map((name) => join('/dev', name));
  const stable = await stablePaths();
  const devices: CaptureDevice[] = [];
  const problems: string[] = [];
  for (const path of paths) {
    try {
      const stablePath = stable.get(path);
      devices.push({ path, ...(stablePath === undefined ? {} : { stablePath }), ...describe(path) });
    } catch (error) {
      // a grabber also has files for its sound, subtitles and metadata; and one may be unplugged at this moment
      const other = error instanceof SmartBoxError && ['not-a-camera', 'device-missing'].includes(error.code);
      if (!other) problems.push(toError(error).message);
    }
  }
  return { devices, problems };
}

function describe(path: string): Omit<CaptureDevice, 'path' | 'stablePath'> {
  const device = Device.open(path);
  try {
    const { name, driver, bus, busy } = device;
    return { name, driver, bus, busy, input: device.input(), modes: device.modes() };
  } finally {
    device.close();
  }
}

async function stablePaths(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const folder of STABLE) {
    for (const name of await readdir(folder).catch(() => [])) {
      const path = join(folder, name);
      const device = await realpath(path).catch(() => undefined);
      if (device !== undefined && !found.has(device)) found.set(device, path);
    }
  }
  return found;
}
