import { SmartBoxError } from '@smartbox/kernel';
import { AV_NOPTS_VALUE } from 'node-av/constants';
import { Packet, type Frame } from 'node-av/lib';
import { check, isEof, openMedia, shown, videoStream } from '../av.ts';
import { damaged, isWhole } from '../damage.ts';
import { VideoDecoder } from '../decode.ts';
import type { ParameterSets } from './parameter-sets.ts';

/** A picture from which decoding may begin: what kind it is stands in its slices, which are read when it is needed. */
export interface Keyframe {
  readonly packet: number;
  readonly frame: number;
  /** Packets right behind it that are shown before it; they are not used where decoding begins here. */
  readonly leading: number;
}

export interface TimeBase {
  readonly num: number;
  readonly den: number;
}

/** What a cut has to know about a file: every frame's time, and which packets can be copied. */
export interface SourceIndex {
  readonly path: string;
  readonly codec: string;
  readonly timeBase: TimeBase;
  readonly frames: number;
  /** Start of every frame in presentation order and, last, the end of the film: `frames + 1` times. */
  readonly times: ArrayLike<number>;
  /** Why no packet can be copied; null when some can. */
  readonly refusal: string | null;
  /** In both orders at once, since packets are in decoding and frames in presentation order; empty: nothing is copied. */
  readonly keyframes: readonly Keyframe[];
  /** Frame shown by each packet, in decoding order. */
  readonly presentation: ArrayLike<number>;
  /** Packet that holds each frame. */
  readonly order: ArrayLike<number>;
  /** Bytes of each packet as it stands in an MP4, parameter sets left out; empty where nothing is copied. */
  readonly sizes: ArrayLike<number>;
  /** Of an MP4: where its packets stand in the file. Null: they are read one after the other by a demuxer. */
  readonly table: SampleTable | null;
  /** Null where nothing can be copied. */
  readonly sets: ParameterSets | null;
  readonly width: number;
  readonly height: number;
  readonly interlaced: boolean;
  /** Frames per second, for an encoder's rate control and VUI. */
  readonly frameRate: { readonly num: number; readonly den: number };
  /** How a player turns the picture: nine numbers as in `tkhd`, hexadecimal; '' where it does not. */
  readonly rotation: string;
  /** Whether there is any sound. */
  readonly audio: boolean;
}

export interface SampleTable {
  /** Byte in the file, of each packet. */
  readonly offsets: ArrayLike<number>;
  /** The sample entry (`avc1`, `hvc1`), byte for byte. */
  readonly entry: Buffer;
  /** 16.16 fixed point. */
  readonly displayWidth: number;
  readonly displayHeight: number;
}

/**
 * Finds the keyframes from which a copy may begin: everything before is shown before, everything behind, but for the
 * leading pictures right behind, is shown behind.
 */
export function usableKeyframes(candidates: Iterable<number>, presentation: ArrayLike<number>): Keyframe[] {
  const count = presentation.length;
  const earliestFrom = new Float64Array(count + 1).fill(Infinity);
  for (let i = count - 1; i >= 0; i--) earliestFrom[i] = Math.min(earliestFrom[i + 1] ?? 0, presentation[i] ?? 0);
  const found: Keyframe[] = [];
  let latest = -1;
  let at = 0;
  for (const packet of candidates) {
    for (; at < packet; at++) latest = Math.max(latest, presentation[at] ?? 0);
    const frame = presentation[packet] ?? 0;
    let leading = 0;
    while ((presentation[packet + 1 + leading] ?? Infinity) < frame) leading++;
    if (latest < frame && (earliestFrom[packet + 1 + leading] ?? Infinity) > frame)
      found.push({ packet, frame, leading });
  }
  return found;
}

/** Both orders of packets that are shown at these times, each at another one. */
export function orders(times: ArrayLike<number>): { order: Uint32Array; presentation: Uint32Array } {
  const order = Uint32Array.from({ length: times.length }, (_, i) => i).sort(
    (a, b) => (times[a] ?? 0) - (times[b] ?? 0),
  );
  const presentation = new Uint32Array(times.length);
  order.forEach((packet, frame) => (presentation[packet] = frame));
  return { order, presentation };
}

/**
 * Decodes a file in presentation order; the frame is valid during the call only, its time is in the stream's time
 * base (null when unknown). `onFrame` returns false to stop.
 * @throws SmartBoxError `media-error`, `no-video`, `damaged`, `cancelled`.
 */
export async function decodeSource(
  path: string,
  onFrame: (frame: Frame, time: number | null, index: number) => boolean | void,
  signal?: AbortSignal,
): Promise<void> {
  const input = await openMedia(path, {}, signal);
  const packet = new Packet();
  packet.alloc();
  let decoder: VideoDecoder | undefined;
  try {
    const stream = videoStream(input, path);
    decoder = new VideoDecoder(stream, 2, { path });
    let index = 0;
    const hand = (frame: Frame): boolean | void => {
      const at = frame.bestEffortTimestamp;
      return onFrame(frame, at === AV_NOPTS_VALUE ? null : Number(at), index++);
    };
    for (let count = 0; ; count++) {
      const code = input.readFrameSync(packet);
      if (isEof(code)) break;
      check(code, `read ${shown(path)}`);
      const more = packet.streamIndex !== stream.index || decoder.decode(packet, hand);
      packet.unref();
      if (!more) return;
      if (count % 16 === 0) await breathe(signal);
    }
    decoder.decode(null, hand);
    if (!(await isWhole(path))) throw damaged(path, index);
  } finally {
    packet.free();
    decoder?.close();
    await input.closeInput();
  }
}

/** Lets messages through, and ends a cancelled job. @throws SmartBoxError `cancelled`. */
export async function breathe(signal?: AbortSignal): Promise<void> {
  await new Promise(setImmediate);
  if (signal?.aborted) throw new SmartBoxError({ code: 'cancelled', message: 'the job was cancelled', fault: 'input' });
}
