import { inputError } from '@smartbox/kernel';
import { NAL, nalType, splitAnnexB, toAvcc, type AccessUnit } from '../h264/nal.ts';
import { box, fullBox, u32, u64 } from './boxes.ts';
import { buildInitSegment, VIDEO_TRACK_ID } from './init-segment.ts';

export interface Sample {
  /** Four-byte length prefixed NAL units, without parameter sets. */
  readonly data: Buffer;
  /** Ticks of 90 kHz. */
  readonly dts: number;
  readonly pts: number;
  readonly keyframe: boolean;
}

/** One `moof` + `mdat`. Times are ticks of 90 kHz. */
export interface MediaFragment {
  /** `ftyp` + `moov` that decode this fragment. */
  readonly init: Buffer;
  /** `moof` + `mdat`. */
  readonly data: Buffer;
  readonly sampleSizes: number[];
  readonly sampleDurations: number[];
  readonly sampleKeyframes: boolean[];
  /** Begins with an IDR picture; false for the continuation of a split GOP. */
  readonly keyframe: boolean;
  /** Decoding time of the first sample, from `tfdt`. */
  readonly baseMediaDecodeTime: number;
  /** Sum of the sample durations. */
  readonly duration: number;
  readonly frames: number;
}

const SYNC_SAMPLE = 0x02000000;
const OTHER_SAMPLE = 0x01010000;

/** Builds one CMAF chunk (ISO/IEC 23000-19 7.3.2.3) of samples that follow each other without a gap. */
export function buildFragment(
  init: Buffer,
  sequence: number,
  samples: readonly Sample[],
  durations: readonly number[],
): MediaFragment {
  const first = samples[0];
  if (!first) throw inputError('empty-fragment', 'a fragment needs at least one sample');
  const reordered = samples.some((sample) => sample.pts !== sample.dts);
  const rows = samples.map((sample, i) => {
    const row = [durations[i] ?? 0, sample.data.length, sample.keyframe ? SYNC_SAMPLE : OTHER_SAMPLE];
    if (reordered) row.push(sample.pts - sample.dts);
    return row;
  });
  const moof = (dataOffset: number): Buffer =>
    box(
      'moof',
      fullBox('mfhd', 0, 0, u32(sequence)),
      box(
        'traf',
        fullBox('tfhd', 0, 0x020000, u32(VIDEO_TRACK_ID)), // default-base-is-moof
        fullBox('tfdt', 1, 0, u64(BigInt(first.dts))),
        fullBox('trun', 1, reordered ? 0xf01 : 0x701, u32(samples.length, dataOffset), u32(...rows.flat())),
      ),
    );
  const size = moof(0).length;
  return {
    init,
    data: Buffer.concat([moof(size + 8), box('mdat', ...samples.map((sample) => sample.data))]),
    sampleSizes: samples.map((sample) => sample.data.length),
    sampleDurations: [...durations],
    sampleKeyframes: samples.map((sample) => sample.keyframe),
    keyframe: first.keyframe,
    baseMediaDecodeTime: first.dts,
    duration: durations.reduce((sum, duration) => sum + duration, 0),
    frames: samples.length,
  };
}

export interface FragmenterOptions {
  /** Duration given to the last sample of a fragment when nothing follows it, in ticks of 90 kHz. */
  readonly frameDuration: number;
  /** A fragment is cut into parts before its samples exceed this many bytes. Default 4 MB. */
  readonly maxBytes?: number;
}

/**
 * Cuts access units into CMAF fragments: one per GOP (a new one at every keyframe), or several parts when a GOP
 * is larger than `maxBytes`. Parameter sets are moved into the init segment, so init + any keyframe fragment plays.
 */
export class Fragmenter {
  private readonly options: Required<FragmenterOptions>;
  private pending: Sample[] = [];
  private pendingBytes = 0;
  private sequence = 0;
  private sps: Uint8Array | undefined;
  private pps: Uint8Array | undefined;
  private initSegment: Buffer | undefined;

  constructor(options: FragmenterOptions) {
    this.options = { maxBytes: 4 * 1024 * 1024, ...options };
  }

  get init(): Buffer | undefined {
    return this.initSegment;
  }

  /** Samples that wait for the end of their fragment. */
  get pendingFrames(): number {
    return this.pending.length;
  }

  /**
   * Takes the next access unit in decoding order. Returns the fragment that it completes, if any.
   * Access units before the first keyframe are dropped: nothing could decode them.
   */
  push(unit: AccessUnit): MediaFragment | null {
    const sample = this.toSample(unit);
    if (!this.initSegment || sample.data.length === 0) return null;
    if (this.pending.length === 0 && this.sequence === 0 && !unit.keyframe) return null;
    const previous = this.pending.at(-1);
    if (previous && sample.dts <= previous.dts)
      throw inputError('time-goes-back', `decoding time ${sample.dts} follows ${previous.dts}; it has to grow`);
    let done: MediaFragment | null = null;
    if (this.pending.length > 0 && (unit.keyframe || this.pendingBytes + sample.data.length > this.options.maxBytes))
      done = this.cut(sample.dts);
    this.takeParameterSets();
    this.pending.push(sample);
    this.pendingBytes += sample.data.length;
    return done;
  }

  /** Closes what is pending; `nextDts` makes the last duration exact. */
  cut(nextDts?: number): MediaFragment | null {
    const samples = this.pending;
    const last = samples.at(-1);
    if (!last || !this.initSegment) return null;
    const durations = samples.map((sample, i) => {
      const next = samples[i + 1]?.dts ?? nextDts ?? sample.dts + this.options.frameDuration;
      return next - sample.dts;
    });
    this.pending = [];
    this.pendingBytes = 0;
    return buildFragment(this.initSegment, ++this.sequence, samples, durations);
  }

  private nextInit: Buffer | undefined;

  private toSample(unit: AccessUnit): Sample {
    const kept: Uint8Array[] = [];
    let changed = false;
    for (const nal of splitAnnexB(unit.data)) {
      switch (nalType(nal)) {
        case NAL.sps:
          changed ||= !this.sps || !sameBytes(this.sps, nal);
          if (changed) this.sps = Uint8Array.from(nal);
          break;
        case NAL.pps:
          if (!this.pps || !sameBytes(this.pps, nal)) {
            changed = true;
            this.pps = Uint8Array.from(nal);
          }
          break;
        case NAL.aud:
        case NAL.filler:
          break;
        default:
          kept.push(nal);
      }
    }
    if (changed && this.sps && this.pps) {
      this.nextInit = buildInitSegment(this.sps, this.pps);
      this.initSegment ??= this.nextInit;
    }
    return { data: toAvcc(kept), dts: Math.round(unit.dts), pts: Math.round(unit.pts), keyframe: unit.keyframe };
  }

  /** New parameter sets hold from the access unit that carries them, not for what is still pending. */
  private takeParameterSets(): void {
    if (!this.nextInit) return;
    this.initSegment = this.nextInit;
    this.nextInit = undefined;
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
