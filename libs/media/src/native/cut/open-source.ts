import { inputError } from '@smartbox/kernel';
import { Rational, type Frame } from 'node-av/lib';
import { VideoDecoder } from '../decode.ts';
import type { CodedVideo } from './coded-video.ts';
import { ScannedVideo } from './scanned-video.ts';
import { breathe, type Keyframe, type SourceIndex } from './source-index.ts';
import { TableVideo } from './table-video.ts';

/** A keyframe from which decoding does begin. */
export interface Entry extends Keyframe {
  readonly kind: 'idr' | 'cra';
  readonly delimited: boolean;
}

/** An indexed file that is open for reading. */
export class OpenSource {
  readonly index: SourceIndex;
  readonly video: CodedVideo;
  /** Keyframes that were no entries: there the GOPs are open. */
  passedOver = 0;
  private readonly known = new Map<number, Entry | null>();

  private constructor(index: SourceIndex, video: CodedVideo) {
    this.index = index;
    this.video = video;
  }

  static async open(index: SourceIndex, signal?: AbortSignal): Promise<OpenSource> {
    return new OpenSource(index, await (index.table ? TableVideo : ScannedVideo).open(index, signal));
  }

  /** The first frame in [from, to) at which decoding can begin. */
  async entryFrom(from: number, to: number): Promise<Entry | null> {
    const { keyframes } = this.index;
    for (let i = firstAtOrAfter(keyframes, from); i < keyframes.length; i++) {
      const keyframe = keyframes[i];
      if (!keyframe || keyframe.frame >= to) break;
      const entry = await this.entry(keyframe);
      if (entry) return entry;
    }
    return null;
  }

  /** The last one at or before a frame. @throws SmartBoxError `no-entry` where there is none */
  async entryUpTo(frame: number): Promise<Entry> {
    const { keyframes } = this.index;
    for (let i = firstAtOrAfter(keyframes, frame + 1) - 1; i >= 0; i--) {
      const keyframe = keyframes[i];
      const entry = keyframe && (await this.entry(keyframe));
      if (entry) return entry;
    }
    throw inputError('no-entry', `no picture before frame ${frame} can be decoded by itself`);
  }

  private async entry(keyframe: Keyframe): Promise<Entry | null> {
    const { packet } = keyframe;
    const before = this.known.get(packet);
    if (before !== undefined) return before;
    const { kind, delimited } = await this.video.entryAt(packet);
    const entry = kind === 'open' ? null : { ...keyframe, kind, delimited };
    if (!entry) this.passedOver++;
    this.known.set(packet, entry);
    return entry;
  }

  /**
   * Decodes frames [from, to) and no packet more than they need; they come in presentation order with their numbers.
   * `onFrame` returns false to stop.
   * @throws SmartBoxError `no-entry`, `damaged`
   */
  async decode(
    from: number,
    to: number,
    onFrame: (frame: Frame, at: number) => boolean | void,
    signal?: AbortSignal,
  ): Promise<void> {
    const { order } = this.index;
    const entry = await this.entryUpTo(from);
    let last = entry.packet;
    for (let frame = entry.frame; frame < to; frame++) last = Math.max(last, order[frame] ?? 0);
    const count = Math.max(1, last - entry.packet + 1 - entry.leading);
    const { num, den } = this.index.timeBase;
    const decoder = new VideoDecoder({ codecpar: this.video.parameters, timeBase: new Rational(num, den) }, 2, {
      path: this.index.path,
      first: entry.frame,
    });
    let at = entry.frame;
    const hand = (frame: Frame): boolean | void => {
      const number = at++;
      if (number >= to) return false;
      return number < from || onFrame(frame, number);
    };
    try {
      let fed = 0;
      for await (const packet of this.video.packets({ first: entry.packet, skip: entry.leading, count })) {
        if (!decoder.decode(packet, hand)) return;
        if (++fed % 8 === 0) await breathe(signal);
      }
      decoder.decode(null, hand);
    } finally {
      decoder.close();
    }
  }

  close(): Promise<void> {
    return this.video.close();
  }
}

/** Place of the first keyframe at or after a frame; the number of keyframes where there is none. */
function firstAtOrAfter(keyframes: readonly Keyframe[], frame: number): number {
  let low = 0;
  let high = keyframes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keyframes[middle]?.frame ?? 0) < frame) low = middle + 1;
    else high = middle;
  }
  return low;
}
