import type { ArchiveExport, CopyExport, CreateCopy, ExportClip, ExportView, Origin } from '@smartbox/contracts'; // prettier-ignore
import { fitTransferSyntax } from '@smartbox/dicom';
import { inputError, SmartBoxError, type Clock } from '@smartbox/kernel';
import type { Fact } from '../domain/facts.ts';
import { copyNameOf, exportView, madeOf, type CopyRequest, type FilmRequest } from '../domain/film.ts';
import { removed } from '../domain/retention/removals.ts';
import type { Audit, Outgoing } from './ports.ts';

export interface SentStore {
  find(renditionId: string): Promise<FilmRequest | undefined>;
  facts(clipId: string): Promise<Fact[]>;
  origin(clipId: string, sourceId: string): Promise<Origin | undefined>;
  archive(row: FilmRequest, request: ExportClip, command: Outgoing, audit: Audit, at: Date): Promise<void>;
  copy(copyId: string): Promise<CopyRequest | undefined>;
  requestCopy(clipId: string, copy: Omit<CopyRequest, 'cancelledAt'>, command: Outgoing, audit: Audit): Promise<void>;
  cancelCopy(clipId: string, copyId: string, command: Outgoing, audit: Audit, at: Date): Promise<void>;
}

/** Where exports that are ready go besides the browser: into DICOM, onto sticks and shares. */
export class SendExports {
  readonly #store: SentStore;
  readonly #changed: { film(renditionId: string): void };
  readonly #clock: Clock;

  constructor(store: SentStore, changed: { film(renditionId: string): void }, clock: Clock) {
    this.#store = store;
    this.#changed = changed;
    this.#clock = clock;
  }

  /**
   * It becomes a DICOM object, and goes there, too.
   * @throws SmartBoxError `export-not-ready`, `no-transfer-syntax` with the rule that forbids it
   */
  async archive(row: FilmRequest, destinations: readonly string[], actor: string): Promise<ExportView> {
    const { renditionId } = row;
    const { made, origin } = await this.#ready(row);
    checkForDicom(made);
    const before = row.request as ExportClip;
    const all = [...new Set([...(before.destinations ?? []), ...destinations])];
    const at = this.#clock.now();
    const data: ArchiveExport = { renditionId, origin, destinations: all, requestedAt: at.toISOString() };
    const audit: Audit = { actor, action: 'clip.export.archive', detail: { renditionId, destinations } };
    const command = { kind: 'command', name: 'transcoder.archive-export', data } as const;
    await this.#store.archive(row, { ...before, destinations: all }, command, audit, at);
    return this.#view(row);
  }

  /** The same copyId again is the same copy. @throws SmartBoxError `export-not-ready`, `id-in-use` */
  async copy(row: FilmRequest, { copyId, target }: CreateCopy, actor: string): Promise<ExportView> {
    const { renditionId, clipId } = row;
    const known = await this.#store.copy(copyId);
    if (known && (known.renditionId !== renditionId || known.target !== target)) {
      const message = `id ${copyId} was used for another copy before: every copy needs an id of its own`;
      throw new SmartBoxError({ code: 'id-in-use', message, fault: 'input' });
    }
    const { made, origin } = await this.#ready(row);
    const requestedAt = this.#clock.now();
    const { key, bytes, sha256 } = made;
    const data: CopyExport = {
      copyId,
      renditionId,
      origin,
      target,
      file: { key, bytes, sha256 },
      fileName: copyNameOf(row, key),
      requestedAt: requestedAt.toISOString(),
    };
    const audit: Audit = { actor, action: 'clip.export.copy', detail: { renditionId, copyId, target } };
    const command = { kind: 'command', name: 'transcoder.copy-export', data } as const;
    await this.#store.requestCopy(clipId, { copyId, renditionId, target, requestedAt }, command, audit);
    return this.#view(row);
  }

  /** What is written stays. */
  async cancelCopy(row: FilmRequest, copyId: string, actor: string): Promise<ExportView> {
    const { clipId, renditionId } = row;
    const { copies = [] } = exportView(row, await this.#store.facts(clipId));
    const { state } = copies.find((copy) => copy.copyId === copyId) ?? {};
    if (!state) throw inputError('copy-not-found', `export ${renditionId} has no copy ${copyId}`);
    if (state === 'waiting' || state === 'running') {
      const data = { clipId, renditionId: copyId };
      const audit: Audit = { actor, action: 'clip.export.copy.cancel', detail: { renditionId, copyId } };
      const command = { kind: 'command', name: 'transcoder.cancel-job', data } as const;
      await this.#store.cancelCopy(clipId, copyId, command, audit, this.#clock.now());
    }
    return this.#view(row);
  }

  async #ready({ clipId, sourceId, renditionId, removed: gone }: FilmRequest) {
    if (gone) throw removed(`export ${renditionId}`, gone);
    const made = madeOf(renditionId, await this.#store.facts(clipId));
    const origin = await this.#store.origin(clipId, sourceId);
    if (made && origin) return { made, origin };
    throw inputError('export-not-ready', `export ${renditionId} is not ready yet: send it on when it is`);
  }

  async #view({ renditionId, clipId }: FilmRequest): Promise<ExportView> {
    this.#changed.film(renditionId);
    const row = await this.#store.find(renditionId);
    if (!row) throw inputError('export-not-found', `there is no export ${renditionId} any more`);
    return exportView(row, await this.#store.facts(clipId));
  }
}

/** @throws SmartBoxError `no-transfer-syntax`: which rule of the standard is against it, and what would be right */
function checkForDicom({ profile, segments, video, bytes }: NonNullable<ReturnType<typeof madeOf>>): void {
  const instead = 'export it as pacs, hevc, mpeg2 or mjpeg for the archive';
  const refused = (why: string) =>
    inputError('no-transfer-syntax', `${profile} does not become a DICOM object: ${why}; ${instead}`);
  if (profile === 'dicom-teaching') throw refused('its object is de-identified, for files that are handed out');
  if (segments) throw refused(`it is ${segments.files} files, an object holds one bit stream (PS3.5 8.2)`);
  if (!video) throw refused('nothing is known of its stream');
  const fit = fitTransferSyntax(video, { payloadLength: bytes });
  if (!fit.fits) throw refused(fit.reasons.map(({ message, citation }) => `${message} (${citation})`).join('; '));
}
