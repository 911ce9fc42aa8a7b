import { snapFrameRate, type FrameRate } from '../../frame-rate.ts';
import { text, VIDIOC, type DeviceFile } from './ioctl.ts';

/** What an input is being sent, where the sender decides it (HDMI, SDI, DVI). */
export interface Timings {
  readonly width: number;
  readonly height: number;
  readonly frameRate: FrameRate;
  readonly interlaced: boolean;
}

export interface DeviceInput {
  /** `HDMI 0`, `Camera 1`, `Composite`. */
  readonly name: string;
  /** Why no pictures are to be expected: `HDMI 0 has no signal`. Absent: nothing speaks against them. */
  readonly noSignal?: string;
  /** Absent where the device decides what it delivers. */
  readonly timings?: Timings;
}

/** `status` of v4l2_input. */
const TROUBLE: readonly (readonly [number, string])[] = [
  [0x1, 'has no power'],
  [0x2, 'has no signal'],
  [0x100, 'has no horizontal sync'],
  [0x400, 'has no vertical sync'],
  [0x10000, 'has no sync'],
];
/** What VIDIOC_QUERY_DV_TIMINGS answers where there is no usable signal. */
const NO_TIMINGS: Readonly<Record<string, string>> = {
  ENOLINK: 'has no signal',
  ENOLCK: 'has an unstable signal',
  ERANGE: 'has a signal that the device does not support',
};
/** V4L2_IN_CAP_DV_TIMINGS */
const HAS_TIMINGS = 0x2;

/** The chosen input of a device, and what is known of its signal. A webcam knows nothing of one. */
export function readInput(file: DeviceFile): DeviceInput {
  const input = Buffer.alloc(VIDIOC.enumInput.bytes);
  const chosen = input.subarray(0, VIDIOC.getInput.bytes);
  if (file.ask(VIDIOC.getInput, chosen) !== null || file.ask(VIDIOC.enumInput, input) !== null) return { name: '' };
  const name = text(input, 4, 32);
  const status = input.readUInt32LE(56);
  const trouble = TROUBLE.find(([flag]) => status & flag)?.[1];
  if (trouble !== undefined) return { name, noSignal: `${name} ${trouble}` };
  return input.readUInt32LE(60) & HAS_TIMINGS ? { name, ...readTimings(file, name) } : { name };
}

function readTimings(file: DeviceFile, name: string): Omit<DeviceInput, 'name'> {
  const answer = Buffer.alloc(VIDIOC.queryTimings.bytes);
  const wrong = file.ask(VIDIOC.queryTimings, answer);
  if (wrong !== null) {
    const trouble = NO_TIMINGS[wrong];
    return trouble === undefined ? {} : { noSignal: `${name} ${trouble}` };
  }
  // v4l2_bt_timings, in words of 32 bits after the type
  const word = (place: number): number => answer.readUInt32LE(4 + 4 * place);
  const sum = (places: readonly number[]): number => places.reduce((all, place) => all + word(place), 0);
  const interlaced = word(2) !== 0;
  const [line, lines] = [sum([0, 6, 7, 8]), sum(interlaced ? [1, 9, 10, 11, 12, 13, 14] : [1, 9, 10, 11])];
  const pixelsPerSecond = Number(answer.readBigUInt64LE(20));
  const frameRate = snapFrameRate(pixelsPerSecond / (line * lines));
  return { timings: { width: word(0), height: word(1), frameRate, interlaced } };
}

/** Makes what the input is being sent the format of the device: FFmpeg leaves that to others. */
export function followTimings(file: DeviceFile): void {
  const timings = Buffer.alloc(VIDIOC.queryTimings.bytes);
  if (file.ask(VIDIOC.queryTimings, timings) === null) file.ask(VIDIOC.setTimings, timings);
}
