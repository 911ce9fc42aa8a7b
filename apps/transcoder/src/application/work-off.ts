import type { ClipSaved, StillCaptured } from '@smartbox/contracts';
import { taskOfStill, tasksOfClip, type Task } from '../domain/renditions.ts';
import type { MakeRendition } from './make-rendition.ts';
import type { Cancellations } from './ports.ts';

/** Works off everything a clip or a still implies, one task after the other. */
export class WorkOff {
  readonly #make: MakeRendition;
  readonly #cancellations: Cancellations;

  constructor(make: MakeRendition, cancellations: Cancellations) {
    this.#make = make;
    this.#cancellations = cancellations;
  }

  clip(clip: ClipSaved, stopping: AbortSignal): Promise<void> {
    return this.#all(clip.clipId, tasksOfClip(clip), stopping);
  }

  still(still: StillCaptured, stopping: AbortSignal): Promise<void> {
    return this.#all(still.stillId, [taskOfStill(still)], stopping);
  }

  /** A cancelled clip's tasks are announced as failed with `cancelled`; a stopping service leaves them to the next. */
  async #all(id: string, tasks: readonly Task[], stopping: AbortSignal): Promise<void> {
    const cancelled = this.#cancellations.watch(id);
    try {
      for (const task of tasks) {
        stopping.throwIfAborted();
        await this.#make.run(task, cancelled.signal);
      }
    } finally {
      cancelled.release();
    }
  }
}
