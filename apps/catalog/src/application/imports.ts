import type { CreateImport, ImportView, Recipe } from '@smartbox/contracts';
import { deterministicId, deterministicUid, inputError, SmartBoxError, type Clock } from '@smartbox/kernel';
import type { z } from 'zod';
import { localTime } from '../domain/patient.ts';
import type { Changed } from './clips.ts';
import type { Audit, ClipRequest, NewProcedure, Outgoing, PatientAndStudy, StationDirectory } from './ports.ts';
import { unknownStation } from './procedures.ts';

/** The source of an imported clip: no camera of ours. */
export const IMPORTED_SOURCE = 'imported';

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
  /** Whole and with that hash, or not there at all. @throws SmartBoxError `hash-differs`, `object-size` */
  put(key: string, bytes: AsyncIterable<Uint8Array>, expected: { bytes: number; sha256: string }): Promise<void>;
  /** Its length; undefined where there is none. */
  size(key: string): Promise<number | undefined>;
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

  /** The bytes; what is here already is not read again. */
  async upload(sha256: string, bytes: number, source: AsyncIterable<Uint8Array>): Promise<ImportView> {
    const known = await this.find(sha256);
    if (!known.uploaded) await this.#uploads.put(keyOf(clipIdOf(sha256)), source, { bytes, sha256 });
    return { ...known, uploaded: true };
  }

  async find(sha256: string): Promise<ImportView> {
    const clipId = clipIdOf(sha256);
    const found = await this.#store.find(clipId);
    const uploaded = found !== undefined || (await this.#uploads.size(keyOf(clipId))) !== undefined;
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
    const bytes = await this.#uploads.size(keyOf(clipId));
    if (bytes === undefined)
      throw inputError('not-uploaded', `the bytes of ${sha256} are not here: PUT /imports/${sha256}/file first`);
    const recordedAt = new Date(asked.recordedAt);
    const command: Extract<Outgoing, { kind: 'command' }> = {
      kind: 'command',
      name: 'transcoder.import-clip',
      data: {
        ...{ clipId, stationId, procedureId, recipe, sourceId: IMPORTED_SOURCE },
        upload: { key: keyOf(clipId), bytes, sha256 },
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

/** Beside what is made of it: it goes with the clip. */
const keyOf = (clipId: string): string => `clips/${clipId}/${IMPORTED_SOURCE}/original`;

const alreadyAnothers = (clipId: string) =>
  new SmartBoxError({
    code: 'id-in-use',
    message: `these very bytes are clip ${clipId} already, of another patient, order or day: correct it there`,
    fault: 'input',
  });
