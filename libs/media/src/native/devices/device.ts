import { inputError, transientError, type SmartBoxError } from '@smartbox/kernel';
import { listFormats, listModes } from './enumerate.ts';
import { followTimings, readInput, type DeviceInput } from './input.ts';
import { CAPTURE, DeviceFile, text, VIDIOC } from './ioctl.ts';
import type { DeviceMode } from './modes.ts';

/** linux/videodev2.h: of the device file itself, where bit 31 of the capabilities says that those are told. */
const VIDEO_CAPTURE = 0x1;
const STREAMING = 0x0400_0000;
const TELLS_OWN = 0x8000_0000;
const MEMORY_MMAP = 1;

/** A V4L2 capture device that is asked about itself (Linux only); capturing from it is FFmpeg's. */
export class Device {
  readonly path: string;
  /** As its maker calls it. */
  readonly name: string;
  readonly driver: string;
  /** Where it is plugged in: `usb-0000:00:14.0-4`. */
  readonly bus: string;
  private readonly file: DeviceFile;

  private constructor(path: string, file: DeviceFile, capabilities: Buffer) {
    this.path = path;
    this.file = file;
    this.driver = text(capabilities, 0, 16);
    this.name = text(capabilities, 16, 32);
    this.bus = text(capabilities, 48, 32);
  }

  /** @throws SmartBoxError `device-missing`, `device-not-allowed`, `not-a-camera`. */
  static open(path: string): Device {
    let file: DeviceFile;
    try {
      file = new DeviceFile(path);
    } catch (error) {
      throw openError(path, (error as NodeJS.ErrnoException).code ?? String(error));
    }
    const answer = Buffer.alloc(VIDIOC.queryCapabilities.bytes);
    const wrong = file.ask(VIDIOC.queryCapabilities, answer);
    const all = answer.readUInt32LE(84);
    const own = all & TELLS_OWN ? answer.readUInt32LE(88) : all;
    if (wrong === null && own & VIDEO_CAPTURE && own & STREAMING) return new Device(path, file, answer);
    file.close();
    throw wrong === 'ENODEV'
      ? openError(path, wrong)
      : inputError('not-a-camera', `${path} captures no video${wrong === null ? ` (${text(answer, 16, 32)})` : ''}`);
  }

  /** `/dev/video0 (USB Video)` */
  get label(): string {
    return `${this.path} (${this.name})`;
  }

  /** False once it has been unplugged, also when another one has come in its place. */
  get present(): boolean {
    return this.file.ask(VIDIOC.queryCapabilities, Buffer.alloc(VIDIOC.queryCapabilities.bytes)) !== 'ENODEV';
  }

  /** Does somebody capture from it? Asked by giving back no buffers. */
  get busy(): boolean {
    const buffers = Buffer.alloc(VIDIOC.requestBuffers.bytes);
    buffers.writeUInt32LE(CAPTURE, 4);
    buffers.writeUInt32LE(MEMORY_MMAP, 8);
    return this.file.ask(VIDIOC.requestBuffers, buffers) === 'EBUSY';
  }

  input(): DeviceInput {
    return readInput(this.file);
  }

  /** Makes what the input is being sent the device's own format. */
  followTimings(): void {
    followTimings(this.file);
  }

  formats(): string[] {
    return listFormats(this.file);
  }

  modes(): DeviceMode[] {
    return listModes(this.file);
  }

  close(): void {
    this.file.close();
  }
}

function openError(path: string, code: string): SmartBoxError {
  if (code === 'EACCES' || code === 'EPERM')
    return inputError(
      'device-not-allowed',
      `${path} may not be opened by this user: make it a member of the group "video"`,
    );
  if (code === 'ENOENT' || code === 'ENODEV' || code === 'ENXIO')
    return transientError('device-missing', `there is no device ${path}`);
  return inputError('device-not-opened', `${path} cannot be opened: ${code}`);
}
