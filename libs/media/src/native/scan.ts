import { AV_FRAME_FLAG_INTERLACED, AV_FRAME_FLAG_TOP_FIELD_FIRST, AV_NOPTS_VALUE } from 'node-av/constants';
import { Packet } from 'node-av/lib';
import { TIMESCALE } from '../frame-rate.ts';
import { check, isEof, openMedia, shown, videoStream } from './av.ts';
import { ticks, VideoDecoder } from './decode.ts';
import type { Turn } from './upright.ts';
import { turnOfFrame } from './whole-pictures.ts';

/** Which of the two fields of a picture was taken first. */
export type FieldOrder = 'tff' | 'bff';

export interface Scan {
  /** Absent: the pictures are whole. */
  readonly fields: FieldOrder | null;
  /** Pictures per second as their times say; null where they say nothing. A pair of fields is one picture. */
  readonly pictureRate: number | null;
  /** How its pictures are turned before they are shown; null where they are coded upright. */
  readonly turn: Turn | null;
}

/** Pictures that are looked at: fields are a matter of the camera, not of a scene. */
const LOOKED_AT = 12;

/**
 * Decodes the beginning of a video and says whether its pictures are fields of two moments, and how they are turned: what
 * the headers allow and what was coded are two things. One that cannot be decoded says nothing.
 * @throws SmartBoxError `media-error`, `no-video`
 */
export async function scanOf(pathOrUrl: string): Promise<Scan> {
  const input = await openMedia(pathOrUrl);
  const packet = new Packet();
  packet.alloc();
  const stream = videoStream(input, pathOrUrl);
  const { num, den } = stream.timeBase;
  const decoder = new VideoDecoder(stream, 1);
  const times: number[] = [];
  const seen = { pictures: 0, fields: 0, topFirst: 0 };
  let turn: Turn | null = null;
  const look = (frame: Parameters<Parameters<VideoDecoder['decode']>[1]>[0]): boolean => {
    if (seen.pictures === 0) turn = turnOfFrame(frame);
    seen.pictures += 1;
    if (frame.hasFlags(AV_FRAME_FLAG_INTERLACED)) seen.fields += 1;
    if (frame.hasFlags(AV_FRAME_FLAG_TOP_FIELD_FIRST)) seen.topFirst += 1;
    const time = frame.bestEffortTimestamp;
    if (time !== AV_NOPTS_VALUE) times.push(ticks(time, num, den));
    return seen.pictures < LOOKED_AT;
  };
  try {
    for (let more = true; more;) {
      const code = input.readFrameSync(packet);
      if (isEof(code)) {
        decoder.decode(null, look);
        break;
      }
      check(code, `read ${shown(pathOrUrl)}`);
      if (packet.streamIndex === stream.index) more = decoder.decode(packet, look);
      packet.unref();
    }
  } finally {
    packet.free();
    decoder.close();
    await input.closeInput();
  }
  const fields = 2 * seen.fields <= seen.pictures ? null : 2 * seen.topFirst > seen.fields ? 'tff' : 'bff';
  return { fields, pictureRate: rateOf(times), turn };
}

/** From the middle of the distances: one picture too many or too few moves it not. */
function rateOf(times: readonly number[]): number | null {
  const steps = times.flatMap((at, i) => (i > 0 ? [at - (times[i - 1] ?? at)] : [])).sort((a, b) => a - b);
  const middle = steps[steps.length >> 1] ?? 0;
  return middle > 0 ? TIMESCALE / middle : null;
}
