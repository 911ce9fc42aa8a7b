import type { RingHeaders } from '@smartbox/contracts';

type GapReason = RingHeaders['gapReason'];

/** Where the last fragment that went into the ring ended: kept on disk, so that a restart is seen as a gap. */
export interface TrackEnd {
  readonly procedureId: string;
  /** Monotonic ticks (90 kHz) of the end; comparable within one boot of the machine. */
  readonly endTicks: number;
  readonly endedAt: string;
  readonly bootId: string;
}

export interface Placed {
  readonly epoch: string;
  readonly sequence: number;
  readonly gapBefore: number;
  readonly gapReason: GapReason;
}

interface Candidate {
  readonly procedureId: string;
  /** Changes with the worker process and with the format. */
  readonly run: string;
  readonly baseTicks: number;
  readonly duration: number;
  readonly frameTicks: number;
  readonly keyframe: boolean;
  readonly capturedAt: Date;
}

/**
 * Numbers the fragments of one source: an epoch per worker run, format and procedure; a sequence without holes; and
 * the time lost before each.
 */
export class RingTrack {
  private readonly newEpoch: () => string;
  private readonly bootId: string;
  private last: TrackEnd | undefined;
  private run = '';
  private currentEpoch: string | undefined;
  private sequence = 0;

  constructor(newEpoch: () => string, bootId: string, last?: TrackEnd) {
    this.newEpoch = newEpoch;
    this.bootId = bootId;
    this.last = last;
  }

  get epoch(): string | undefined {
    return this.currentEpoch;
  }

  get end(): TrackEnd | undefined {
    return this.last;
  }

  /** Null for a fragment that nothing could decode: a continuation whose beginning is not in this epoch. */
  place(fragment: Candidate): Placed | null {
    const fresh =
      fragment.run !== this.run || this.last?.procedureId !== fragment.procedureId || this.currentEpoch === undefined;
    if (fresh && !fragment.keyframe) return null;
    const gap = this.gapBefore(fragment);
    const reason: GapReason = gap === 0 ? 'none' : fresh ? 'source-restarted' : 'no-signal';
    if (fresh) {
      this.currentEpoch = this.newEpoch();
      this.sequence = 0;
      this.run = fragment.run;
    }
    this.last = {
      procedureId: fragment.procedureId,
      endTicks: fragment.baseTicks + fragment.duration,
      endedAt: new Date(fragment.capturedAt.getTime() + fragment.duration / 90).toISOString(),
      bootId: this.bootId,
    };
    return { epoch: this.currentEpoch ?? '', sequence: this.sequence++, gapBefore: gap, gapReason: reason };
  }

  private gapBefore(fragment: Candidate): number {
    const { last } = this;
    if (!last || last.procedureId !== fragment.procedureId) return 0;
    // after a reboot the monotonic clock began anew: the wall clock is all there is
    const lost =
      last.bootId === this.bootId
        ? fragment.baseTicks - last.endTicks
        : (fragment.capturedAt.getTime() - Date.parse(last.endedAt)) * 90;
    return lost > fragment.frameTicks / 2 ? Math.round(lost) : 0;
  }
}
