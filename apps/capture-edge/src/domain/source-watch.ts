import type { SourceState } from '@smartbox/contracts';

/** Longest silence of the worker or of the picture before it is alarmed, ms (promises.md, fault 28: alarm <= 2 s). */
export const SILENT_WORKER_MS = 1600;
export const NO_PICTURE_MS = 1800;
export const FROZEN_MS = 2000;
/** A worker that lives but brings no picture from a source we pull is started anew after this long. */
const STUCK_MS = 15_000;
const START_MS = 8_000;
/** A synthetic source that lives but paints nothing. */
const STANDSTILL_MS = 5_000;
/** A process that wants to run and does not get its turn. */
const OVERLOAD_MS = 20_000;

/** What is seen of one worker. All times in ms of one monotonic clock. */
export interface WorkerFacts {
  readonly startedAt: number;
  /** First message: its modules are loaded and it opens the source. Undefined before. */
  readonly speaksSince?: number | undefined;
  /** Last message of any kind. */
  readonly heardAt: number;
  /** Last access unit; undefined before the first. */
  readonly pictureAt?: number | undefined;
  /** Since when the pictures are identical; undefined when they change or cannot be compared. */
  readonly frozenSince?: number | undefined;
  /** Why the input has no signal, as the device itself says; most cannot tell. */
  readonly noSignal?: string | undefined;
  /** When the device said that its signal is back. */
  readonly signalSince?: number | undefined;
  /** It waits for a sender, or generates its own pictures, or pulls from elsewhere. */
  readonly kind: 'listen' | 'pull' | 'synthetic';
  /** It is not stopped and not waiting for anything but the processor. */
  readonly wantsCpu?: boolean | undefined;
}

export interface Verdict {
  readonly state: SourceState;
  readonly reason?: string;
  /** The worker has to be killed and started anew. */
  readonly restart: boolean;
}

/** The state of a source whose worker runs. */
export function judge(facts: WorkerFacts, now: number): Verdict {
  const silent = now - facts.heardAt;
  // a process that was just forked has modules to load; then it has to speak
  if (silent > (facts.speaksSince === undefined ? START_MS : SILENT_WORKER_MS)) {
    // killing a process that only waits for its turn would make an overloaded machine worse
    if (facts.wantsCpu && silent < OVERLOAD_MS)
      return {
        state: 'no-signal',
        reason: 'the machine is overloaded: the capture process waits for the processor',
        restart: false,
      };
    return {
      state: 'offline',
      reason: `the capture process has not answered for ${Math.round(silent)} ms`,
      restart: true,
    };
  }
  if (facts.noSignal !== undefined) return { state: 'no-signal', reason: facts.noSignal, restart: false };
  const { pictureAt, signalSince = -Infinity } = facts;
  // the last picture from before the signal was lost says nothing of the one that is back
  if (pictureAt === undefined || pictureAt < signalSince) {
    const waited = facts.speaksSince === undefined ? 0 : now - Math.max(facts.speaksSince, signalSince);
    if (facts.kind === 'synthetic') return { state: 'starting', restart: waited > START_MS };
    if (waited <= NO_PICTURE_MS) return { state: 'starting', restart: false };
    const reason = facts.kind === 'listen' ? 'waits for the sender' : 'the source is reached but brings no picture yet';
    return { state: 'no-signal', reason, restart: facts.kind === 'pull' && waited > STUCK_MS };
  }
  const dark = now - pictureAt;
  if (dark > NO_PICTURE_MS) {
    const patience = { synthetic: STANDSTILL_MS, pull: STUCK_MS, listen: Infinity }[facts.kind];
    const restart = dark > patience;
    return { state: 'no-signal', reason: `no picture for ${(dark / 1000).toFixed(1)} s`, restart };
  }
  if (facts.frozenSince !== undefined && now - facts.frozenSince > FROZEN_MS)
    return { state: 'frozen', reason: 'the picture does not change', restart: false };
  return { state: 'live', restart: false };
}

const BACKOFF_MS = [0, 500, 1000, 2000, 5000, 10_000];

/** Wait before the n-th start in a row that failed (0: the first). */
export function backoffMs(failures: number): number {
  return BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)] ?? 10_000;
}
