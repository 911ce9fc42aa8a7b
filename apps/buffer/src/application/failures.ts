import { SmartBoxError } from '@smartbox/kernel';
import { createLogger } from '@smartbox/telemetry';
import type { ClipKeeper } from './clip-keeper.ts';
import type { Events } from './ports.ts';
import { isFinal, type Recordings } from './recordings.ts';

/** Tells the operator about a clip that will not come, and leaves nothing of it behind. */
export class Failures {
  readonly #events: Events;
  readonly #keeper: ClipKeeper;
  readonly #recordings: Recordings;
  readonly #log = createLogger('buffer');

  constructor(events: Events, keeper: ClipKeeper, recordings: Recordings) {
    this.#events = events;
    this.#keeper = keeper;
    this.#recordings = recordings;
  }

  /**
   * True when the failure is final and everybody knows: the intent is done with. `lastAttempt`: nobody tries again,
   * so it is told, but the message itself still becomes a dead letter.
   */
  async record(
    intent: { clipId: string; stationId: string; procedureId?: string },
    error: Error,
    lastAttempt: boolean,
  ): Promise<boolean> {
    const final = isFinal(error);
    if (!final && !lastAttempt) return false;
    const { clipId, stationId, procedureId } = intent;
    const code = error instanceof SmartBoxError ? error.code : 'internal';
    // Another's clip under this id is not ours to touch; an unknown error's text could carry anything.
    if (final && code !== 'clip-id-taken') {
      await this.#recordings.discard(clipId);
      await this.#keeper.discard(clipId);
    }
    const reason = error instanceof SmartBoxError ? error.message : 'an error of the service: see its log';
    if (final) this.#log.warn({ clipId, stationId, code, reason }, 'the clip failed');
    else this.#log.error({ clipId, stationId, code, err: error }, 'the clip failed');
    const failed = { clipId, stationId, code, reason, ...(procedureId === undefined ? {} : { procedureId }) };
    await this.#events.publish('buffer.clip.failed', failed, `clip-failed-${clipId}-${code}`);
    return final;
  }
}
