import { AV_FRAME_FLAG_INTERLACED, AV_NOPTS_VALUE } from 'node-av/constants';
import type { Frame, Packet, Stream } from 'node-av/lib';
import { TIMESCALE } from '../frame-rate.ts';
import { ticks, VideoDecoder } from './decode.ts';
import { FilterChain } from './enhance/filter-chain.ts';

/** What the two fields of an interlaced picture become: one frame together, or a frame each at twice the rate. */
export type Deinterlace = 'frame' | 'field';

/** FFmpeg's filter for it: looks at the fields before and after; progressive pictures pass as they are. */
export const deinterlacer = (how: Deinterlace): string => `bwdif=mode=send_${how}:deint=interlaced`;

/** `at`: ticks of 90 kHz as in the file; null where the stream has no times. False ends the decoding. */
export type OnPicture = (frame: Frame, at: number | null) => boolean | void;

/**
 * Decodes a stream into whole pictures, synchronous: interlaced ones are deinterlaced, so that whatever scales, shows or
 * codes them needs to know nothing of fields.
 */
export class PictureDecoder {
  private readonly decoder: VideoDecoder;
  private readonly timeBase: { readonly num: number; readonly den: number };
  private readonly how: Deinterlace;
  private fields: FilterChain | undefined;

  constructor(stream: Pick<Stream, 'codecpar' | 'timeBase'>, threads = 1, how: Deinterlace = 'frame') {
    this.decoder = new VideoDecoder(stream, threads);
    this.timeBase = { num: stream.timeBase.num, den: stream.timeBase.den };
    this.how = how;
  }

  /** Feeds one packet (null drains) and hands out what is ready. The frame is valid during the call only. */
  decode(packet: Packet | null, onPicture: OnPicture): boolean {
    const more = this.decoder.decode(packet, (frame) => this.pass(frame, onPicture));
    if (!more || packet || !this.fields) return more;
    return this.filter(null, onPicture);
  }

  private pass(frame: Frame, onPicture: OnPicture): boolean {
    const time = frame.bestEffortTimestamp;
    const at = time === AV_NOPTS_VALUE ? null : ticks(time, this.timeBase.num, this.timeBase.den);
    const interlaced = frame.hasFlags(AV_FRAME_FLAG_INTERLACED);
    if (!interlaced && !this.fields) return onPicture(frame, at) !== false;
    frame.pts = at === null ? AV_NOPTS_VALUE : BigInt(at);
    this.fields ??= new FilterChain(deinterlacer(this.how), [frame], { num: 1, den: TIMESCALE });
    return this.filter(frame, onPicture);
  }

  private filter(frame: Frame | null, onPicture: OnPicture): boolean {
    let more = true;
    this.fields?.push(frame, (whole) => {
      // the filter counts in half ticks: a field lies between two frames
      const at = whole.pts === AV_NOPTS_VALUE ? null : Number(whole.pts) / 2;
      if (more) more = onPicture(whole, at) !== false;
    });
    return more;
  }

  /** Before decoding goes on elsewhere. */
  flush(): void {
    this.decoder.flush();
    this.fields?.close();
    this.fields = undefined;
  }

  close(): void {
    this.fields?.close();
    this.decoder.close();
  }
}
