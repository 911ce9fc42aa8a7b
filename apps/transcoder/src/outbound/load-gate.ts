import { SmartBoxError } from '@smartbox/kernel';
import type { ChildProcessControl } from '@smartbox/media';

/** From first to last. `archive`: what a save implies. */
const ORDER = ['archive', 'preview', 'edit', 'export'] as const;
export type Rank = (typeof ORDER)[number];

interface Job {
  readonly rank: number;
  readonly start: () => void;
  process: ChildProcessControl | undefined;
  state: 'waiting' | 'running' | 'halted';
}

/**
 * How many child processes may work on this machine at once. A job of a higher rank never waits for one of a lower:
 * where there is no room, the last of the lowest rank stands still (SIGSTOP) until there is room again.
 */
export class LoadGate {
  readonly #limit: number;
  readonly #jobs: Job[] = [];

  /** @param limit jobs at work side by side */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Jobs by what they are doing. */
  get counts(): { waiting: number; running: number; halted: number } {
    const count = (state: Job['state']) => this.#jobs.filter((job) => job.state === state).length;
    return { waiting: count('waiting'), running: count('running'), halted: count('halted') };
  }

  /**
   * Runs a job when its turn has come. `work` hands over its child process as soon as there is one.
   * @throws SmartBoxError `cancelled` when `signal` aborts before that; whatever `work` throws.
   */
  async run<T>(
    rank: Rank,
    signal: AbortSignal,
    work: (onProcess: (process: ChildProcessControl) => void) => Promise<T>,
  ): Promise<T> {
    const turn = Promise.withResolvers<void>();
    const job: Job = { rank: ORDER.indexOf(rank), start: turn.resolve, process: undefined, state: 'waiting' };
    const giveUp = (): void => {
      if (job.state === 'waiting') turn.reject(cancelled());
    };
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
    this.#jobs.push(job);
    this.#arrange();
    try {
      await turn.promise;
      return await work((process) => {
        job.process = process;
        if (job.state === 'halted') process.halt();
      });
    } finally {
      signal.removeEventListener('abort', giveUp);
      this.#jobs.splice(this.#jobs.indexOf(job), 1);
      this.#arrange();
    }
  }

  /** The first `limit` jobs by rank, then by arrival, are at work; of the others, those begun stand still. */
  #arrange(): void {
    const inOrder = this.#jobs.toSorted((a, b) => a.rank - b.rank || this.#jobs.indexOf(a) - this.#jobs.indexOf(b));
    inOrder.slice(this.#limit).forEach((job) => {
      if (job.state !== 'running') return;
      job.state = 'halted';
      job.process?.halt();
    });
    inOrder.slice(0, this.#limit).forEach((job) => {
      if (job.state === 'halted') job.process?.goOn();
      if (job.state === 'waiting') job.start();
      job.state = 'running';
    });
  }
}

function cancelled(): SmartBoxError {
  return new SmartBoxError({ code: 'cancelled', message: 'the job was cancelled', fault: 'input' });
}
