import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RenditionReady, type ArchiveExport } from '@smartbox/contracts';
import { TransferSyntaxUid } from '@smartbox/dicom';
import { SmartBoxError } from '@smartbox/kernel';
import type { FilmAnnouncements } from './film-ports.ts';
import { folderOf } from './make-edit.ts';
import type { Syntaxes } from './ports-syntax.ts';
import type { Objects } from './ports.ts';

/** Sends an export that is ready on into DICOM: announced anew, with where it goes. Done twice it is the same object. */
export class ArchiveExports {
  readonly #objects: Objects;
  readonly #syntaxes: Syntaxes;
  readonly #announce: FilmAnnouncements;
  readonly #scratch: string;

  /** @param scratch folder for frames on their way to the object store */
  constructor(objects: Objects, syntaxes: Syntaxes, announce: FilmAnnouncements, scratch: string) {
    this.#objects = objects;
    this.#syntaxes = syntaxes;
    this.#announce = announce;
    this.#scratch = scratch;
  }

  async run({ renditionId, origin, destinations }: ArchiveExport, signal: AbortSignal): Promise<void> {
    const record = `${folderOf({ rendition: 'export', renditionId, origin })}/ready.json`;
    const known = await this.#objects.getJson(record);
    if (known === undefined) {
      const message = `export ${renditionId} is not ready: there is nothing to send on`;
      throw new SmartBoxError({ code: 'export-not-ready', message, fault: 'input' });
    }
    const before = RenditionReady.parse(known);
    const all = [...new Set([...(before.destinations ?? []), ...destinations])].toSorted();
    const ready = await this.withPayload({ ...before, destinations: all }, signal);
    await this.#objects.putJson(record, ready);
    await this.#announce.ready(ready);
  }

  /** Of Motion JPEG the frames without their container: what DICOM holds of it (PS3.5 8.2.1). Others are their own payload. */
  async withPayload(ready: RenditionReady, signal: AbortSignal): Promise<RenditionReady> {
    const { payload, profile, renditionId = '', origin, key, bytes } = ready;
    if (payload || profile !== 'mjpeg') return ready;
    await mkdir(this.#scratch, { recursive: true });
    const folder = await mkdtemp(join(this.#scratch, `frames-${process.pid}-`));
    try {
      const ask = {
        input: await this.#objects.readUrl(key),
        bytes,
        kind: 'video' as const,
        transferSyntaxUid: TransferSyntaxUid.jpegBaseline,
        folder,
      };
      const { pieces } = await this.#syntaxes.make(ask, signal, () => undefined);
      const [piece] = pieces;
      const into = folderOf({ rendition: 'export', renditionId, origin });
      const framesKey = `${into}/frames.json`;
      await this.#objects.putFile(framesKey, piece?.framesPath ?? '', 'application/json');
      const stored = await this.#objects.putFile(`${into}/frames.jpg`, piece?.path ?? '', 'image/jpeg');
      return { ...ready, payload: { key: `${into}/frames.jpg`, framesKey, ...stored } };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}
