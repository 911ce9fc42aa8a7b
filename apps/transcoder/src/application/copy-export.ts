import type { CopyExport } from '@smartbox/contracts';
import { FilmProgress } from './film-progress.ts';
import type { FilmAnnouncements, Targets, Work } from './film-ports.ts';
import type { Objects } from './ports.ts';

/** The file of an export onto a stick or a share of the site. Done twice it lies there once. */
export class CopyToTarget {
  readonly #objects: Objects;
  readonly #targets: Targets;
  readonly #announce: FilmAnnouncements;

  constructor(objects: Objects, targets: Targets, announce: FilmAnnouncements) {
    this.#objects = objects;
    this.#targets = targets;
    this.#announce = announce;
  }

  async run(command: CopyExport, signal: AbortSignal): Promise<void> {
    const { copyId, renditionId, origin, target, file } = command;
    const onPercent = new FilmProgress(this.#announce, [copyWork(command)]).phase(99);
    const open = (reading: AbortSignal) => this.#objects.open(file.key, reading);
    const path = await this.#targets.write(command, open, { signal, onPercent });
    const { kind, id, sourceId } = origin;
    const { bytes, sha256 } = file;
    await this.#announce.copied({ copyId, renditionId, origin: { kind, id, sourceId }, target, path, bytes, sha256 });
  }
}

export const copyWork = ({ copyId, origin }: CopyExport): Work => ({ rendition: 'copy', renditionId: copyId, origin });
