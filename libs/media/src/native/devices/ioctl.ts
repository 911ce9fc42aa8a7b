import { closeSync, constants, openSync } from 'node:fs';
import koffi from 'koffi';

/**
 * A request of linux/videodev2.h: direction, size of what it carries, 'V' and its place (asm-generic/ioctl.h), with
 * the sizes of 64-bit systems.
 */
function request(direction: 'read' | 'both', place: number, bytes: number): { bytes: number; number: number } {
  return { bytes, number: ((direction === 'read' ? 2 : 3) * 2 ** 30 + bytes * 2 ** 16 + 0x56 * 2 ** 8 + place) >>> 0 };
}

export const VIDIOC = {
  queryCapabilities: request('read', 0, 104),
  enumFormats: request('both', 2, 64),
  getFormat: request('both', 4, 208),
  requestBuffers: request('both', 8, 20),
  enumInput: request('both', 26, 80),
  getInput: request('read', 38, 4),
  enumFrameSizes: request('both', 74, 44),
  enumFrameIntervals: request('both', 75, 52),
  setTimings: request('both', 87, 132),
  queryTimings: request('read', 99, 132),
} as const;
type Request = (typeof VIDIOC)[keyof typeof VIDIOC];

/** V4L2_BUF_TYPE_VIDEO_CAPTURE */
export const CAPTURE = 1;

type Ioctl = (fd: number, number: number, argument: Buffer) => number;
let native: Ioctl | undefined;

/** Of the C library that Node itself is linked with. */
function ioctl(): Ioctl {
  native ??= koffi.load(null).func('int ioctl(int fd, unsigned long request, _Inout_ void *argument)') as Ioctl;
  return native;
}

const errorNames = new Map(Object.entries(koffi.os.errno).map(([name, value]) => [value, name]));

/** An open device file, for questions: opening it does not disturb who captures from it. */
export class DeviceFile {
  private readonly fd: number;

  /** @throws Error of the system with its `code`: ENOENT, EACCES, ENODEV ... */
  constructor(path: string) {
    this.fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  }

  /** Asks; `argument` takes the answer. @returns null, or the error's name: `ENOTTY`, `ENOLINK`, `ENODEV` ... */
  ask(what: Request, argument: Buffer): string | null {
    if (argument.byteLength !== what.bytes)
      throw new RangeError(`this request carries ${what.bytes} bytes, not ${argument.byteLength}`);
    if (ioctl()(this.fd, what.number, argument) >= 0) return null;
    return errorNames.get(koffi.errno()) ?? `error ${koffi.errno()}`;
  }

  close(): void {
    closeSync(this.fd);
  }
}

/** A string of fixed length, ended by a zero byte. */
export const text = (bytes: Buffer, from: number, length: number): string =>
  bytes.toString('utf8', from, from + length).replace(/\0.*$/s, '');
