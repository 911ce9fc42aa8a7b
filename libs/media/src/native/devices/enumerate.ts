import type { FrameRate } from '../../frame-rate.ts';
import { CAPTURE, VIDIOC, type DeviceFile } from './ioctl.ts';
import { inputFormat, type DeviceMode } from './modes.ts';

type Size = Pick<DeviceMode, 'width' | 'height' | 'largest'>;

/** `type` of v4l2_frmsizeenum and v4l2_frmivalenum; the others are ranges. */
const DISCRETE = 1;
/** No device has more; one that never says "that was the last" must not keep us. */
const MANY = 256;

/** Asks for the entries 0, 1, 2 ... of a list until the device says that there are no more. */
function* entries(ask: (index: number) => Buffer | null): Generator<Buffer> {
  for (let index = 0; index < MANY; index++) {
    const entry = ask(index);
    if (!entry) return;
    yield entry;
  }
}

/** What a device offers in the pixel formats that are taken. */
export function listModes(file: DeviceFile): DeviceMode[] {
  return listFormats(file).flatMap((format) => {
    const code = Buffer.from(format.padEnd(4), 'latin1').readUInt32LE(0);
    return listSizes(file, code).map((size) => ({ pixelFormat: format, ...size, ...listRates(file, code, size) }));
  });
}

/** The pixel formats that are taken, as four characters. */
export function listFormats(file: DeviceFile): string[] {
  const formats = entries((index) => {
    const entry = Buffer.alloc(VIDIOC.enumFormats.bytes);
    entry.writeUInt32LE(index, 0);
    entry.writeUInt32LE(CAPTURE, 4);
    return file.ask(VIDIOC.enumFormats, entry) === null ? entry : null;
  });
  return [...formats]
    .map((entry) => entry.toString('latin1', 44, 48).trimEnd())
    .filter((format) => inputFormat(format) !== undefined);
}

function listSizes(file: DeviceFile, format: number): Size[] {
  const sizes = entries((index) => {
    const entry = Buffer.alloc(VIDIOC.enumFrameSizes.bytes);
    entry.writeUInt32LE(index, 0);
    entry.writeUInt32LE(format, 4);
    return file.ask(VIDIOC.enumFrameSizes, entry) === null ? entry : null;
  });
  const found = [...sizes].map((entry): Size => {
    const word = (place: number): number => entry.readUInt32LE(12 + 4 * place);
    if (entry.readUInt32LE(8) === DISCRETE) return { width: word(0), height: word(1) };
    return { width: word(0), height: word(3), largest: { width: word(1), height: word(4) } };
  });
  return found.length > 0 ? found : currentSize(file);
}

/** Of a device that does not list its sizes: the one that it has. */
function currentSize(file: DeviceFile): Size[] {
  const format = Buffer.alloc(VIDIOC.getFormat.bytes);
  format.writeUInt32LE(CAPTURE, 0);
  if (file.ask(VIDIOC.getFormat, format) !== null) return [];
  return [{ width: format.readUInt32LE(8), height: format.readUInt32LE(12) }];
}

function listRates(file: DeviceFile, format: number, size: Size): Pick<DeviceMode, 'frameRates' | 'anyRate'> {
  const { width, height } = size.largest ?? size;
  const intervals = [
    ...entries((index) => {
      const entry = Buffer.alloc(VIDIOC.enumFrameIntervals.bytes);
      for (const [place, value] of [index, format, width, height].entries()) entry.writeUInt32LE(value, 4 * place);
      return file.ask(VIDIOC.enumFrameIntervals, entry) === null ? entry : null;
    }),
  ];
  const [first] = intervals;
  if (first === undefined) return { frameRates: [] };
  const range = first.readUInt32LE(16) !== DISCRETE;
  // of a range: the shortest and the longest interval
  const rates = range ? [rateAt(first, 20), rateAt(first, 28)] : intervals.map((entry) => rateAt(entry, 20));
  const sorted = rates.filter(({ num, den }) => num > 0 && den > 0).sort((a, b) => b.num / b.den - a.num / a.den);
  return { frameRates: sorted, ...(range ? { anyRate: true } : {}) };
}

/** A rate is the inverse of V4L2's interval. */
function rateAt(entry: Buffer, from: number): FrameRate {
  return { num: entry.readUInt32LE(from + 4), den: entry.readUInt32LE(from) };
}
