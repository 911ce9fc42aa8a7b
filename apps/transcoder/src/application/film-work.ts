import type { CopyExport, EditClip, ExportClip } from '@smartbox/contracts';
import { inputError, SmartBoxError, toError, transientError } from '@smartbox/kernel';
import { copyWork, type CopyToTarget } from './copy-export.ts';
import type { FilmAnnouncements, Work } from './film-ports.ts';
import type { MakeEdit } from './make-edit.ts';
import type { MakeExport } from './make-export.ts';
import type { Cancellations } from './ports.ts';

/** Edits, exports and copies as people ask for them: cancelled by a person, left to the next delivery by a stopping service. */
export class FilmWork {
  readonly #edits: MakeEdit;
  readonly #exports: MakeExport;
  readonly #copies: CopyToTarget;
  readonly #cancellations: Cancellations;
  readonly #announce: FilmAnnouncements;

  constructor(
    { edits, exports, copies }: { edits: MakeEdit; exports: MakeExport; copies: CopyToTarget },
    cancellations: Cancellations,
    announce: FilmAnnouncements,
  ) {
    this.#edits = edits;
    this.#exports = exports;
    this.#copies = copies;
    this.#cancellations = cancellations;
    this.#announce = announce;
  }

  /** @param last there will be no other delivery: what fails now is announced as failed */
  edit(command: EditClip, stopping: AbortSignal, last: boolean): Promise<void> {
    const { renditionId, origin } = command;
    const works: Work[] = [{ rendition: 'edit', renditionId, origin }];
    return this.#guard(renditionId, works, stopping, last, (signal) => this.#edits.run(command, signal));
  }

  export(command: ExportClip, stopping: AbortSignal, last: boolean): Promise<void> {
    const { exportId, origin, outputs } = command;
    const works = outputs.map(({ renditionId }): Work => ({ rendition: 'export', renditionId, origin }));
    return this.#guard(exportId, works, stopping, last, (signal) => this.#exports.run(command, signal));
  }

  copy(command: CopyExport, stopping: AbortSignal, last: boolean): Promise<void> {
    return this.#guard(command.copyId, [copyWork(command)], stopping, last, (signal) =>
      this.#copies.run(command, signal),
    );
  }

  async #guard(
    id: string,
    works: readonly Work[],
    stopping: AbortSignal,
    last: boolean,
    run: (signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const cancelled = this.#cancellations.watch(id);
    try {
      await run(AbortSignal.any([cancelled.signal, stopping]));
    } catch (error) {
      if (stopping.aborted) throw transientError('stopping', 'the service stops; the work goes on elsewhere', error);
      const why = cancelled.signal.aborted ? inputError('cancelled', 'the job was cancelled') : error;
      const final = why instanceof SmartBoxError && !why.retryable;
      if (!final && !last) throw why;
      const code = why instanceof SmartBoxError ? why.code : 'internal';
      for (const work of works) await this.#announce.failed(work, code, toError(why).message);
      if (!final) throw why;
    } finally {
      cancelled.release();
    }
  }
}
