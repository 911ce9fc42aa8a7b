import { AV_FRAME_DATA_DISPLAYMATRIX, AV_FRAME_FLAG_INTERLACED, AV_NOPTS_VALUE } from 'node-av/constants';
import type { Frame, Packet, Stream } from 'node-av/lib';
import { TIMESCALE } from '../frame-rate.ts';
import { ticks, VideoDecoder } from './decode.ts';
import { FilterChain } from './enhance/filter-chain.ts';
import { turnOf, type Turn } from './upright.ts';

/** What the two fields of an interlaced picture become: one frame together, or a frame each at twice the rate. */
export type Deinterlace = 'frame' | 'field';

/** FFmpeg's filter for it: looks at the fields before and after; progressive pictures pass as they are. */
export const deinterlacer = (how: Deinterlace): string => `bwdif=mode=send_${how}:deint=interlaced`;

/** FFmpeg's filters for pictures that are fields, lie on their side, or both. */
export const wholeAndUpright = (how: Deinterlace, turn: Turn | null): string =>
  [deinterlacer(how), ...(turn ? [turn.filter] : [])].join(',');

/** What FFmpeg's decoders hand on with each frame: of the container, or of a JPEG's EXIF. */
export const turnOfFrame = (frame: Frame): Turn | null => turnOf(frame.getSideData(AV_FRAME_DATA_DISPLAYMATRIX));

/** `at`: ticks of 90 kHz as in the file; null where the stream has no times. False ends the decoding. */
export type OnPicture = (frame: Frame, at: number | null) => boolean | void;

/**
 * Decodes a stream into pictures that are whole and upright, synchronous: interlaced ones are deinterlaced, those that
 * their container turns are turned, so that whatever scales, shows or codes them needs to know of neither.
 */
export class PictureDecoder {
  private readonly decoder: VideoDecoder;
  private readonly timeBase: { readonly num: number; readonly den: number };
  private readonly how: Deinterlace;
  private chain: FilterChain | undefined;

  constructor(
    stream: Pick<Stream, 'codecpar' | 'timeBase'> & Partial<Stream>,
    threads = 1,
    how: Deinterlace = 'frame',
  ) {
    this.decoder = new VideoDecoder(stream, threads);
    this.timeBase = { num: stream.timeBase.num, den: stream.timeBase.den };
    this.how = how;
  }

  /** Feeds one packet (null drains) and hands out what is ready. The frame is valid during the call only. */
  decode(packet: Packet | null, onPicture: OnPicture): boolean {
    const more = this.decoder.decode(packet, (frame) => this.pass(frame, onPicture));
    if (!more || packet || !this.chain) return more;
    return this.filter(null, onPicture);
  }

  private pass(frame: Frame, onPicture: OnPicture): boolean {
    const time = frame.bestEffortTimestamp;
    const at = time === AV_NOPTS_VALUE ? null : ticks(time, this.timeBase.num, this.timeBase.den);
    const turn = turnOfFrame(frame);
    if (!frame.hasFlags(AV_FRAME_FLAG_INTERLACED) && !turn && !this.chain) return onPicture(frame, at) !== false;
    frame.pts = at === null ? AV_NOPTS_VALUE : BigInt(at);
    this.chain ??= new FilterChain(wholeAndUpright(this.how, turn), [frame], { num: 1, den: TIMESCALE });
    return this.filter(frame, onPicture);
  }

  private filter(frame: Frame | null, onPicture: OnPicture): boolean {
    let more = true;
    this.chain?.push(frame, (whole) => {
      // the filter counts in half ticks: a field lies between two frames
      const at = whole.pts === AV_NOPTS_VALUE ? null : Number(whole.pts) / 2;
      if (more) more = onPicture(whole, at) !== false;
    });
    return more;
  }

  /** Before decoding goes on elsewhere. */
  flush(): void {
    this.decoder.flush();
    this.chain?.close();
    this.chain = undefined;
  }

  close(): void {
    this.chain?.close();
    this.decoder.close();
  }
}
