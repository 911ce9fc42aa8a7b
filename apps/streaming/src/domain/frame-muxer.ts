import type { LiveAccessUnit } from '@smartbox/contracts';
import {
  buildFragment,
  buildInitSegment,
  codecString,
  NAL,
  nalType,
  parseSps,
  splitAnnexB,
  toAvcc,
} from '@smartbox/media';

/** What a player needs before the first picture, and again when the camera's parameters have changed. */
export interface FrameFormat {
  /** RFC 6381 */
  codec: string;
  width: number;
  height: number;
  /** `ftyp` + `moov`. */
  init: Buffer;
}

/** One picture as `moof` + `mdat`. */
export interface Frame {
  keyframe: boolean;
  /** Wall clock at capture, ms since 1970. */
  capturedAtMs: number;
  data: Buffer;
}

/** Before two pictures are known: 30 a second. */
const FIRST_DURATION = 3_000;
/** A longer pause is a hole in time, not a long picture. */
const LONGEST_DURATION = 45_000;

/**
 * Makes one CMAF chunk (ISO/IEC 23000-19 section 7.3.2.3) of every access unit of one source. A picture's duration is
 * that of the one before it: waiting for the next would cost a frame of delay.
 */
export class FrameMuxer {
  #format: FrameFormat | undefined;
  #sets = '';
  #sequence = 0;
  #lastPts: number | undefined;
  #duration = FIRST_DURATION;

  get format(): FrameFormat | undefined {
    return this.#format;
  }

  /**
   * The picture, and the format where it is another one from here on. Undefined before the first keyframe. `restarted`:
   * time has gone back, so players have to begin anew.
   */
  push(unit: LiveAccessUnit): { frame: Frame; format: FrameFormat | undefined; restarted: boolean } | undefined {
    const nals = splitAnnexB(unit.annexB);
    const format = unit.keyframe ? this.#learn(nals) : undefined;
    if (!this.#format) return undefined;
    const pts = Number(unit.pts);
    const step = this.#lastPts === undefined ? 0 : pts - this.#lastPts;
    const restarted = this.#lastPts !== undefined && step <= 0;
    if (step > 0 && step <= LONGEST_DURATION) this.#duration = step;
    this.#lastPts = pts;
    const data = toAvcc(nals.filter((nal) => !OUTSIDE.has(nalType(nal))));
    const sample = { data, dts: pts, pts, keyframe: unit.keyframe };
    const fragment = buildFragment(this.#format.init, ++this.#sequence, [sample], [this.#duration]);
    const frame = { keyframe: unit.keyframe, capturedAtMs: Number(unit.capturedAtUs) / 1000, data: fragment.data };
    return { frame, format, restarted };
  }

  #learn(nals: readonly Uint8Array[]): FrameFormat | undefined {
    const sps = nals.find((nal) => nalType(nal) === NAL.sps);
    const pps = nals.find((nal) => nalType(nal) === NAL.pps);
    if (!sps || !pps) return undefined;
    const sets = `${Buffer.from(sps).toString('hex')}.${Buffer.from(pps).toString('hex')}`;
    if (sets === this.#sets) return undefined;
    this.#sets = sets;
    const facts = parseSps(sps);
    const { width, height } = facts;
    this.#format = { codec: codecString(facts), width, height, init: buildInitSegment(sps, pps) };
    return this.#format;
  }
}

/** In the sample entry, or of no use in a file (ISO/IEC 14496-15 section 5.3.2). */
const OUTSIDE: ReadonlySet<number> = new Set([NAL.sps, NAL.pps, NAL.aud, NAL.filler]);
