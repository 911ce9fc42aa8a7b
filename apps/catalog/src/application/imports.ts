import {
  IMPORTED_SOURCE,
  importUploadKey,
  type CreateImport,
  type ImportView,
  type OpenUpload,
  type Recipe,
} from '@smartbox/contracts';
import { deterministicId, deterministicUid, inputError, SmartBoxError, type Clock } from '@smartbox/kernel';
import type { z } from 'zod';
import { localTime } from '../domain/patient.ts';
import type { Changed } from './clips.ts';
import type { Audit, ClipRequest, NewProcedure, Outgoing, PatientAndStudy, StationDirectory } from './ports.ts';
import { unknownStation } from './procedures.ts';

export interface ImportedRecord {
  readonly request: ClipRequest;
  readonly procedure: NewProcedure & PatientAndStudy;
}

export interface ImportStore {
  /** Everything in one transaction; the procedure is written once, and never was one that runs in a room. */
  write(record: ImportedRecord, at: Date, audit: Audit): Promise<void>;
  /** Undefined: nobody has said whose it is. */
  find(clipId: string): Promise<Omit<ImportView, 'clipId' | 'sha256' | 'uploaded'> | undefined>;
}

export interface Uploads {
  /** Begun before with that length, it goes on. */
  begin(sha256: string, key: string, bytes: number): Promise<void>;
  /** Undefined: none was begun, or it is over. */
  find(sha256: string): Promise<OpenUpload | undefined>;
  /**
   * What came stays, also where `source` breaks off. With the last byte the hash is compared.
   * @returns how many are here @throws SmartBoxError `upload-not-found`, `offset-differs`, `object-size`, `hash-differs`
   */
  append(sha256: string, from: number, source: AsyncIterable<Uint8Array>): Promise<number>;
  /** Compares the hash of what has come in full. @throws SmartBoxError `hash-differs`: nothing of it is left */
  finish(sha256: string): Promise<void>;
  /** Its length, once all of it is here and its hash is right. */
  whole(sha256: string): Promise<number | undefined>;
  /** It is a clip's now: the bytes stay. */
  settle(sha256: string): Promise<void>;
  /** Removes what came. */
  discard(sha256: string, key: string): Promise<void>;
  open(): AsyncIterable<OpenUpload & { key: string }>;
  /** What was begun and could not even be noted. */
  sweepLost(): Promise<void>;
}

type Asked = z.infer<typeof CreateImport>;

/**
 * Records of other systems. The clip's id follows from the bytes: brought twice, a record is one clip, and whoever was
 * interrupted asks what is there already. Nothing is told to a room: the procedure of a record never ran here.
 */
export class Imports {
  readonly #store: ImportStore;
  readonly #uploads: Uploads;
  readonly #clips: { asked(clipId: string): Promise<{ request: unknown } | undefined> };
  readonly #site: { stations: StationDirectory; recipes: readonly Recipe[]; timeZone: string };
  readonly #changed: Changed;
  readonly #clock: Clock;

  constructor(
    store: ImportStore,
    uploads: Uploads,
    clips: { asked(clipId: string): Promise<{ request: unknown } | undefined> },
    site: { stations: StationDirectory; recipes: readonly Recipe[]; timeZone: string },
    changed: Changed,
    clock: Clock,
  ) {
    this.#store = store;
    this.#uploads = uploads;
    this.#clips = clips;
    this.#site = site;
    this.#changed = changed;
    this.#clock = clock;
  }

  /** @throws SmartBoxError `already-imported` */
  async beginUpload(sha256: string, bytes: number): Promise<OpenUpload> {
    const clipId = clipIdOf(sha256);
    if (await this.#store.find(clipId))
      throw inputError('already-imported', `${sha256} is clip ${clipId}: its bytes are here`);
    await this.#uploads.begin(sha256, importUploadKey(clipId), bytes);
    return this.upload(sha256);
  }

  /** Where to go on. One that has come in full, and whose hash nobody has compared, waits for that here. */
  async upload(sha256: string): Promise<OpenUpload> {
    const found = await this.#uploads.find(sha256);
    if (found && !found.uploaded && found.offset === found.bytes) await this.#uploads.finish(sha256);
    if (found) return found;
    throw inputError('upload-not-found', `no upload of ${sha256} is open: begin it by POST /imports/uploads`);
  }

  /** @returns the bytes that are here afterwards */
  append(sha256: string, from: number, source: AsyncIterable<Uint8Array>): Promise<number> {
    return this.#uploads.append(sha256, from, source);
  }

  /** What is not finished, and what nobody has said the patient of. */
  async open(): Promise<OpenUpload[]> {
    const open: OpenUpload[] = [];
    for await (const { key: _, ...upload } of this.#uploads.open()) open.push(upload);
    return open;
  }

  /** Removes what has been open for too long. @returns how many */
  async sweep(): Promise<number> {
    let removed = 0;
    for await (const { sha256, key, expiresAt } of this.#uploads.open()) {
      // killed after it had become a clip
      if (await this.#store.find(clipIdOf(sha256))) await this.#uploads.settle(sha256);
      else if (new Date(expiresAt) < this.#clock.now()) {
        await this.#uploads.discard(sha256, key);
        removed += 1;
      }
    }
    await this.#uploads.sweepLost();
    return removed;
  }

  async find(sha256: string): Promise<ImportView> {
    const clipId = clipIdOf(sha256);
    const found = await this.#store.find(clipId);
    const uploaded = found !== undefined || (await this.#uploads.whole(sha256)) !== undefined;
    return { clipId, sha256, uploaded, ...found };
  }

  /** Whose it is. The same again changes nothing. @throws SmartBoxError `not-uploaded`, `id-in-use` */
  async create(asked: Asked, who: { actor: string; traceId: string | undefined }): Promise<ImportView> {
    const { sha256, stationId, description } = asked;
    const { stations } = this.#site;
    if (!stations.find(stationId)) throw unknownStation(stationId, stations);
    const clipId = clipIdOf(sha256);
    const procedure = this.#procedureOf(asked);
    const { procedureId, recipe } = procedure;
    const before = (await this.#clips.asked(clipId))?.request as { procedureId?: string } | undefined;
    if (before?.procedureId === procedureId) return this.find(sha256);
    if (before) throw alreadyAnothers(clipId);
    const bytes = await this.#uploads.whole(sha256);
    if (bytes === undefined)
      throw inputError('not-uploaded', `the bytes of ${sha256} are not here: send them first (POST /imports/uploads)`);
    const recordedAt = new Date(asked.recordedAt);
    const command: Extract<Outgoing, { kind: 'command' }> = {
      kind: 'command',
      name: 'transcoder.import-clip',
      data: {
        ...{ clipId, stationId, procedureId, recipe, sourceId: IMPORTED_SOURCE },
        upload: { key: importUploadKey(clipId), bytes, sha256 },
        recordedAt: recordedAt.toISOString(),
        pacs: asked.archive,
      },
    };
    const request: ClipRequest = {
      ...{ clipId, kind: 'clip', stationId, procedureId, requestedAt: recordedAt, requestedMs: null },
      ...{ description: description ?? null, traceId: who.traceId, command },
    };
    const detail = { sha256, bytes, recordedAt: recordedAt.toISOString() };
    await this.#store.write({ request, procedure }, this.#clock.now(), { actor: who.actor, action: 'clip.import', detail }); // prettier-ignore
    await this.#uploads.settle(sha256);
    this.#changed.clip(clipId);
    return this.find(sha256);
  }

  /** Records of one patient, order and day in one room are one procedure and one study. */
  #procedureOf({ stationId, patient, accessionNumber, recordedAt, recipe: name }: Asked): ImportedRecord['procedure'] {
    const { recipes, timeZone } = this.#site;
    const recipe = name === undefined ? recipes[0] : recipes.find((each) => each.name === name);
    if (!recipe) {
      const known = recipes.map((each) => each.name).join(', ');
      throw inputError('recipe-unknown', `there is no recipe ${JSON.stringify(name)}; known are ${known}`);
    }
    const startedAt = new Date(recordedAt);
    const { date } = localTime(startedAt, timeZone);
    const whose = [patient.id, patient.name, patient.birthDate ?? '', patient.sex ?? '', accessionNumber ?? ''];
    const procedureId = deterministicId('import', stationId, recipe.name, date, ...whose);
    const { birthDate, ...rest } = patient;
    return {
      ...{ procedureId, stationId, worklistItemId: null, emergency: false, recipe, startedAt },
      patient: { ...rest, ...(birthDate === undefined ? {} : { birthDate: birthDate.replaceAll('-', '') }) },
      study: {
        studyInstanceUid: deterministicUid('study', procedureId),
        ...(accessionNumber === undefined ? {} : { accessionNumber }),
      },
    };
  }
}

const clipIdOf = (sha256: string): string => deterministicId('import', sha256);

const alreadyAnothers = (clipId: string) =>
  new SmartBoxError({
    code: 'id-in-use',
    message: `these very bytes are clip ${clipId} already, of another patient, order or day: correct it there`,
    fault: 'input',
  });
