import type { ClipSaved, PrepareAgain, StillCaptured } from '@smartbox/contracts';
import { groupsOf, taskOfStill, tasksOfClip, type Task } from '../domain/renditions.ts';
import type { MakeRendition } from './make-rendition.ts';
import type { Cancellations } from './ports.ts';

/** Works off everything a clip or a still implies, two children at a time at most. */
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

  /** Everything once more, also where a person had cancelled it. */
  async again({ again, clip, still }: PrepareAgain, stopping: AbortSignal): Promise<void> {
    const id = clip?.clipId ?? still?.stillId ?? '';
    const tasks = [...(clip ? tasksOfClip(clip) : []), ...(still ? [taskOfStill(still)] : [])];
    await this.#cancellations.forget(id);
    await this.#all(
      id,
      tasks.map((task) => ({ ...task, again })),
      stopping,
    );
  }

  still(still: StillCaptured, stopping: AbortSignal): Promise<void> {
    return this.#all(still.stillId, [taskOfStill(still)], stopping);
  }

  /** A cancelled clip's tasks are announced as failed with `cancelled`; a stopping service leaves them to the next. */
  async #all(id: string, tasks: readonly Task[], stopping: AbortSignal): Promise<void> {
    const cancelled = this.#cancellations.watch(id);
    try {
      for (const group of groupsOf(tasks)) {
        stopping.throwIfAborted();
        const settled = await Promise.allSettled(group.map((task) => this.#make.run(task, cancelled.signal)));
        for (const result of settled) if (result.status === 'rejected') throw result.reason;
      }
    } finally {
      cancelled.release();
    }
  }
}
