import { childModule, runChild } from '@smartbox/media';
import type { Films, JobOptions } from '../application/film-ports.ts';
import type { FilmJob, FilmJobs, FilmProgress } from '../domain/film-jobs.ts';
import type { LoadGate } from './load-gate.ts';

const module = childModule(import.meta.url, '../worker/film-job');
/** What is being captured and what goes to the archive come first. */
const NICENESS = { preview: 5, edit: 10, export: 15 } as const;

/** Each job in a process of its own, begun when the machine has room for it. */
export class ChildFilms implements Films {
  readonly #gate: LoadGate;

  constructor(gate: LoadGate) {
    this.#gate = gate;
  }

  run<K extends keyof FilmJobs>(
    kind: K,
    ask: FilmJobs[K]['ask'],
    { signal, priority, onPercent }: JobOptions,
  ): Promise<FilmJobs[K]['answer']> {
    return this.#gate.run(priority, signal, (onProcess) =>
      runChild<FilmJob, FilmProgress, FilmJobs[K]['answer']>(module, { kind, ...ask } as FilmJob, {
        signal,
        onProcess,
        niceness: NICENESS[priority],
        idleTimeoutMs: 180_000,
        ...(onPercent ? { onProgress: ({ percent }) => onPercent(percent) } : {}),
      }),
    );
  }
}
