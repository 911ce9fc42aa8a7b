import { SmartBoxError } from '@smartbox/kernel';
import { AVSEEK_FLAG_BACKWARD } from 'node-av/constants';
import { Packet, type FormatContext, type Stream } from 'node-av/lib';
import { check, isEof, openMedia, shown, videoStream } from '../av.ts';
import type { SourceIndex } from './source-index.ts';

/** Nearer than this it is quicker to read on than to seek. */
const NEAR = 300;

/** Reads the video packets of an indexed file by their number in decoding order. */
export class PacketReader {
  readonly packet = new Packet();
  private readonly index: SourceIndex;
  private input: FormatContext;
  private current: Stream;
  /** Number of the packet that is read next; after a seek it is found by its time. */
  private next: number | null = 0;

  private constructor(index: SourceIndex, input: FormatContext) {
    this.index = index;
    this.input = input;
    this.current = videoStream(input, index.path);
    this.packet.alloc();
  }

  static async open(index: SourceIndex): Promise<PacketReader> {
    return new PacketReader(index, await openMedia(index.path));
  }

  get stream(): Stream {
    return this.current;
  }

  /** Makes `packet` the one with this number. */
  async goTo(number: number): Promise<void> {
    if (this.next === null || number < this.next || number > this.next + NEAR) await this.seek(number);
    for (;;) {
      const at = this.read();
      if (at === number) return;
      if (at > number) {
        await this.rewind();
        continue;
      }
    }
  }

  private async seek(number: number): Promise<void> {
    const keyframe = this.index.keyframes.findLast(({ packet }) => packet <= number);
    const at = this.index.times[keyframe?.frame ?? 0] ?? 0;
    const code = keyframe ? this.input.seekFrameSync(this.current.index, BigInt(at), AVSEEK_FLAG_BACKWARD) : -1;
    this.next = null;
    if (code < 0) await this.rewind();
  }

  private async rewind(): Promise<void> {
    await this.input.closeInput();
    this.input = await openMedia(this.index.path);
    this.current = videoStream(this.input, this.index.path);
    this.next = 0;
  }

  private read(): number {
    for (;;) {
      this.packet.unref();
      const code = this.input.readFrameSync(this.packet);
      if (isEof(code)) {
        if (this.next === null) return Infinity; // sought too far: read from the start
        throw changed(this.index.path);
      }
      check(code, `read ${shown(this.index.path)}`);
      if (this.packet.streamIndex !== this.current.index || this.packet.size === 0) continue;
      const { times, presentation, order, frames } = this.index;
      const pts = Number(this.packet.pts);
      if (this.next === null) {
        const frame = find(times, pts);
        if (frame < 0 || frame >= frames) return Infinity;
        this.next = order[frame] ?? 0;
      } else if (pts !== times[presentation[this.next] ?? -1]) throw changed(this.index.path);
      return this.next++;
    }
  }

  async close(): Promise<void> {
    this.packet.free();
    await this.input.closeInput();
  }
}

/** Position in a growing list, or -1. */
function find(values: ArrayLike<number>, wanted: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const value = values[middle] ?? 0;
    if (value === wanted) return middle;
    if (value < wanted) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

function changed(path: string): SmartBoxError {
  return new SmartBoxError({
    code: 'source-changed',
    message: `${shown(path)} does not read the same twice: it was changed or is damaged`,
    fault: 'input',
  });
}
