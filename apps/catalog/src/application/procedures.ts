import type { CorrectProcedure, ProcedureSnapshot, Recipe, StartProcedure } from '@smartbox/contracts';
import { deterministicUid, inputError, newId, type Clock } from '@smartbox/kernel';
import type { z } from 'zod';
import { correctPatient, emergencyPatient, fromWorklist, localTime } from '../domain/patient.ts';
import type { ProcedureStore, StationDirectory } from './ports.ts';

interface Site {
  timeZone: string;
  institution: string | undefined;
}

/** Who is operated on where: started, ended, corrected; and the snapshot that goes into DICOM. */
export class Procedures {
  readonly #store: ProcedureStore;
  readonly #stations: StationDirectory;
  readonly #recipes: readonly Recipe[];
  readonly #site: Site;
  readonly #clock: Clock;

  constructor(store: ProcedureStore, stations: StationDirectory, recipes: readonly Recipe[], site: Site, clock: Clock) {
    this.#store = store;
    this.#stations = stations;
    this.#recipes = recipes;
    this.#site = site;
    this.#clock = clock;
  }

  /** Ends the station's active procedure; starting what already runs there changes nothing. Its procedureId. */
  async start(request: z.infer<typeof StartProcedure>, actor: string): Promise<string> {
    const { stationId, worklistItemId, emergency } = request;
    const station = this.#stations.find(stationId);
    if (!station) throw unknownStation(stationId, this.#stations);
    const recipe = this.#recipe(request.recipe);
    const item = worklistItemId === undefined ? undefined : await this.#item(worklistItemId);
    if (item) {
      const active = await this.#store.active(stationId);
      if (active?.worklistItemId === item.itemId && (!request.recipe || request.recipe === active.recipe.name)) {
        return active.procedureId;
      }
    }
    const procedureId = newId();
    const startedAt = this.#clock.now();
    const local = localTime(startedAt, this.#site.timeZone);
    await this.#store.start(
      { procedureId, stationId, worklistItemId: item?.itemId ?? null, emergency: !item, recipe, startedAt },
      async (count) => {
        if (item) return fromWorklist(item, procedureId);
        const number = await count(`emergency/${local.date}`);
        return {
          patient: emergencyPatient(emergency ?? {}, station, local, number),
          study: { studyInstanceUid: deterministicUid('study', procedureId) },
        };
      },
      { actor, action: 'procedure.start', detail: { stationId, emergency: !item, recipe: recipe.name } },
    );
    return procedureId;
  }

  async end(procedureId: string, actor: string): Promise<void> {
    const procedure = await this.#store.find(procedureId);
    if (!procedure) throw notFound(procedureId);
    await this.#store.end(procedureId, this.#clock.now(), { actor, action: 'procedure.end' });
  }

  /** Another worklist item or patient: a new version, told to everybody who made objects of the old one. */
  async correct(procedureId: string, change: z.infer<typeof CorrectProcedure>, actor: string): Promise<void> {
    const procedure = await this.#store.find(procedureId);
    if (!procedure) throw notFound(procedureId);
    const item = change.worklistItemId === undefined ? undefined : await this.#item(change.worklistItemId);
    const { patient, reason } = change;
    await this.#store.correct(
      procedureId,
      this.#clock.now(),
      (now) => {
        if (item) return { ...fromWorklist(item, procedureId), worklistItemId: item.itemId, emergency: false };
        if (!patient) throw inputError('invalid-request', 'worklistItemId or patient is needed');
        return correctPatient(now, patient, procedureId, now.version + 1);
      },
      {
        actor,
        action: 'procedure.correct',
        reason,
        detail: { reason: reason ?? null, fromVersion: procedure.version },
      },
    );
  }

  /** @throws SmartBoxError `procedure-not-found` */
  async snapshot(procedureId: string): Promise<ProcedureSnapshot> {
    const procedure = await this.#store.find(procedureId);
    if (!procedure) throw notFound(procedureId);
    const { stationId, version, startedAt, endedAt, recipe, patient, study, request } = procedure;
    return {
      procedureId,
      version,
      stationId,
      stationName: this.#stations.find(stationId)?.name ?? stationId,
      startedAt: startedAt.toISOString(),
      ...(endedAt ? { endedAt: endedAt.toISOString() } : {}),
      recipe,
      patient,
      study,
      ...(request ? { request } : {}),
      utcOffsetMinutes: localTime(startedAt, this.#site.timeZone).utcOffsetMinutes,
      ...(this.#site.institution === undefined ? {} : { institution: this.#site.institution }),
    };
  }

  #recipe(name: string | undefined): Recipe {
    const recipe = name === undefined ? this.#recipes[0] : this.#recipes.find((r) => r.name === name);
    if (recipe) return recipe;
    const known = this.#recipes.map((r) => r.name).join(', ');
    throw inputError('recipe-unknown', `there is no recipe ${JSON.stringify(name)}; known are ${known}`);
  }

  async #item(itemId: string) {
    const item = await this.#store.worklistItem(itemId);
    if (item) return item;
    throw inputError('worklist-item-unknown', `no worklist answer held item ${itemId}: load the worklist again`);
  }
}

const notFound = (procedureId: string) => inputError('procedure-not-found', `there is no procedure ${procedureId}`);

/** Quotes the station asked for and those there are. */
export function unknownStation(stationId: string, directory: StationDirectory) {
  const known = directory.all().map((station) => station.id);
  return inputError(
    'station-unknown',
    `there is no station ${JSON.stringify(stationId)}; known are ${known.join(', ')}`,
  );
}
