import { inputError, SmartBoxError } from '@smartbox/kernel';
import { AV_FRAME_FLAG_INTERLACED, AV_NOPTS_VALUE, AVSEEK_FLAG_BACKWARD } from 'node-av/constants';
import { Packet, type Frame } from 'node-av/lib';
import { check, isEof, openMedia, shown, videoStream } from './av.ts';
import { indexTables } from './cut/index-source.ts';
import { OpenSource } from './cut/open-source.ts';
import { breathe, type SourceIndex } from './cut/source-index.ts';
import { ticks, VideoDecoder } from './decode.ts';
import { FilterChain } from './enhance/filter-chain.ts';
import { turnOf } from './upright.ts';
import { turnOfFrame, wholeAndUpright } from './whole-pictures.ts';

/**
 * A frame by its number, counted from 0 in presentation order, and up to `lead` frames before it; the wanted one is the
 * last. Interlaced ones are deinterlaced, those that their container turns are turned. Of an MP4, near or far, only the tables are read and the packets that these
 * frames need. The caller frees them.
 * @throws SmartBoxError `no-frames` where there is no such frame, `media-error`, `no-video`, `cancelled`.
 */
export async function framesAt(path: string, wanted: number, lead: number, signal?: AbortSignal): Promise<Frame[]> {
  const index = await indexTables(path, signal);
  if (index && wanted >= index.frames)
    throw inputError('no-frames', `${shown(path)} has the frames 0 to ${index.frames - 1}, not ${wanted}`);
  const held: Frame[] = [];
  const keep = (frame: Frame): void => {
    const own = frame.clone();
    if (own) held.push(own);
    if (held.length > lead + 1) held.shift()?.free();
  };
  try {
    const done = index !== undefined && (await fromTables(index, wanted, lead, keep, signal));
    if (!done && !(await byDemuxer(path, wanted, index, keep, signal)))
      throw inputError('no-frames', `${shown(path)} has no frame ${wanted}`);
    return shownPictures(held, index);
  } catch (error) {
    for (const frame of held) frame.free();
    throw error;
  }
}

/** @returns false where no picture before it is known to be decodable by itself: then a demuxer has to try. */
async function fromTables(
  index: SourceIndex,
  wanted: number,
  lead: number,
  keep: (frame: Frame) => void,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (index.keyframes.length === 0) return false;
  const source = await OpenSource.open(index, signal);
  try {
    await source.decode(Math.max(0, wanted - lead), wanted + 1, keep, signal);
    return true;
  } catch (error) {
    if (error instanceof SmartBoxError && error.code === 'no-entry') return false;
    throw error;
  } finally {
    await source.close();
  }
}

/** Seeks where the tables tell the time, else counts from the first frame on. @returns whether the frame was reached */
async function byDemuxer(
  path: string,
  wanted: number,
  index: SourceIndex | undefined,
  keep: (frame: Frame) => void,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const input = await openMedia(path, {}, signal);
  const packet = new Packet();
  packet.alloc();
  let decoder: VideoDecoder | undefined;
  try {
    const stream = videoStream(input, path);
    const { num, den } = stream.timeBase;
    decoder = new VideoDecoder(stream, 2);
    const at90k = index && Math.round(((index.times[wanted] ?? 0) * 90_000) / index.timeBase.den);
    if (at90k !== undefined)
      input.seekFrameSync(stream.index, BigInt(Math.round((at90k * den) / (num * 90_000))), AVSEEK_FLAG_BACKWARD);
    let count = 0;
    let reached = false;
    const hand = (frame: Frame): boolean => {
      keep(frame);
      const at = frame.bestEffortTimestamp;
      reached = at90k === undefined || at === AV_NOPTS_VALUE ? count === wanted : ticks(at, num, den) >= at90k - 2;
      count++;
      return !reached;
    };
    for (let read = 0; !reached; read++) {
      const code = input.readFrameSync(packet);
      if (isEof(code)) break;
      check(code, `read ${shown(path)}`);
      if (packet.streamIndex === stream.index) decoder.decode(packet, hand);
      packet.unref();
      if (read % 16 === 0) await breathe(signal);
    }
    if (!reached) decoder.decode(null, hand);
    return reached;
  } finally {
    packet.free();
    decoder?.close();
    await input.closeInput();
  }
}

/** Whole and upright: the demuxer's frames carry how they are turned, of the others the tables say it. */
function shownPictures(frames: Frame[], index: SourceIndex | undefined): Frame[] {
  const [first] = frames;
  if (!first) return frames;
  const turn = turnOfFrame(first) ?? turnOf(index?.rotation ? Buffer.from(index.rotation, 'hex').swap32() : null);
  if (!turn && !frames.some((frame) => frame.hasFlags(AV_FRAME_FLAG_INTERLACED))) return frames;
  const whole: Frame[] = [];
  const keep = (frame: Frame): void => {
    const own = frame.clone();
    if (own) whole.push(own);
  };
  const chain = new FilterChain(wholeAndUpright('frame', turn), [first], { num: 1, den: 1000 });
  try {
    frames.forEach((frame, i) => {
      frame.pts = BigInt(i);
      chain.push(frame, keep);
    });
    chain.push(null, keep);
  } finally {
    chain.close();
  }
  for (const frame of frames) frame.free();
  return whole;
}
