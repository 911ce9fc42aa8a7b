import type {
  CopyExport,
  CopyWritten,
  Origin,
  QualityMeasured,
  QualityWarned,
  RenditionReady,
  TargetView,
} from '@smartbox/contracts';
import type { FilmJobs } from '../domain/film-jobs.ts';
import type { z } from 'zod';

/** Who goes first when the machine is full; a later one waits, or stops for a while. */
export type Priority = 'preview' | 'edit' | 'export';

export interface JobOptions {
  readonly signal: AbortSignal;
  readonly priority: Priority;
  readonly onPercent?: (percent: number) => void;
}

/** Films, each job in a child process of its own. */
export interface Films {
  run<K extends keyof FilmJobs>(kind: K, ask: FilmJobs[K]['ask'], options: JobOptions): Promise<FilmJobs[K]['answer']>;
}

/** Which edit, export or copy of an export is spoken of. */
export interface Work {
  readonly rendition: 'edit' | 'export' | 'copy';
  readonly renditionId: string;
  readonly origin: Origin;
}

/** What the rest of the line learns. Each call resolves when the event is durable. */
export interface FilmAnnouncements {
  ready(event: RenditionReady): Promise<void>;
  progressed(work: Work, at: { percent: number; remainingMs?: number }): Promise<void>;
  failed(work: Work, code: string, reason: string): Promise<void>;
  copied(event: CopyWritten): Promise<void>;
  measured(event: QualityMeasured): Promise<void>;
  warned(event: z.infer<typeof QualityWarned>): Promise<void>;
}

/** Sticks and shares that the site has configured. */
export interface Targets {
  list(): Promise<TargetView[]>;
  /**
   * Complete, read back and found the same, under its name, or not there at all. Where it is there already, nothing is
   * written; what else has its name, e.g. a damaged copy, is replaced.
   * @returns its path in the target
   * @throws SmartBoxError `target-unknown`, `target-absent`, `target-read-only`, `target-full`, `target-gone`,
   * `target-corrupt`; rejects with the reason of the signal
   */
  write(
    copy: CopyExport,
    open: (signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>,
    options: { readonly signal: AbortSignal; readonly onPercent: (percent: number) => void },
  ): Promise<string>;
}
