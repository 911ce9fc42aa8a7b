import type { CorrectProcedure, ProcedureSnapshot, Recipe, SetConsent, StartProcedure } from '@smartbox/contracts';
import { deterministicUid, inputError, newId, type Clock } from '@smartbox/kernel';
import type { z } from 'zod';
import { reachOf, within } from '../domain/access/caller.ts';
import { keepsNothing, withheldDestinations } from '../domain/consent.ts';
import { correctPatient, emergencyPatient, fromWorklist, localTime } from '../domain/patient.ts';
import { currentAsking } from './access/asking.ts';
import type { ClipStore, ProcedureStore, StationDirectory } from './ports.ts';

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
  readonly #recordings: Pick<ClipStore, 'openRecording'>;

  constructor(
    store: ProcedureStore,
    recordings: Pick<ClipStore, 'openRecording'>,
    stations: StationDirectory,
    recipes: readonly Recipe[],
    site: Site,
    clock: Clock,
  ) {
    this.#store = store;
    this.#recordings = recordings;
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

  /** As `snapshot`, of the procedure that the clip was moved to, where it was: with the room it was recorded in. */
  async snapshotFor(clipId: string, procedureId: string): Promise<ProcedureSnapshot> {
    const moved = await this.#store.assignmentOf(clipId);
    if (!moved) return this.snapshot(procedureId);
    const { stationId, assignment } = moved;
    return { ...(await this.snapshot(moved.procedureId)), ...this.#station(stationId), assignment };
  }

  /**
   * What the patient said. Where the recipe then keeps nothing, what is recorded at the moment ends. Clips that were
   * saved stay: what becomes of them the retention rules say.
   */
  async setConsent(procedureId: string, said: z.infer<typeof SetConsent>, actor: string): Promise<void> {
    const procedure = await this.#store.find(procedureId);
    if (!procedure) throw notFound(procedureId);
    const { state, setAt = 'room', reason } = said;
    const at = this.#clock.now();
    const open = keepsNothing({ consent: state, recipe: procedure.recipe })
      ? await this.#recordings.openRecording(procedure.stationId)
      : undefined;
    const { stationId } = procedure;
    const stop = open && {
      clipId: open.clipId,
      command: {
        kind: 'command',
        name: 'buffer.stop-recording',
        data: { clipId: open.clipId, stationId, requestedAt: at.toISOString() },
      } as const,
    };
    const detail = { setAt, ...(reason ? { reason } : {}), ...(open ? { stopped: open.clipId } : {}) };
    const consent = { state, at, by: actor };
    await this.#store.setConsent(procedureId, consent, stop, { actor, action: 'procedure.consent', detail });
  }

  /** @throws SmartBoxError `procedure-not-found` */
  async snapshot(procedureId: string, asOf?: number): Promise<ProcedureSnapshot> {
    const procedure = await this.#store.find(procedureId, asOf);
    if (!procedure) throw notFound(procedureId);
    const { stationId, version, startedAt, endedAt, recipe, patient, study, request } = procedure;
    const withheld = withheldDestinations(procedure);
    return {
      procedureId,
      version,
      ...this.#station(stationId),
      startedAt: startedAt.toISOString(),
      ...(endedAt ? { endedAt: endedAt.toISOString() } : {}),
      recipe,
      patient,
      study,
      ...(request ? { request } : {}),
      utcOffsetMinutes: localTime(startedAt, this.#site.timeZone).utcOffsetMinutes,
      ...(this.#site.institution === undefined ? {} : { institution: this.#site.institution }),
      ...(withheld.length > 0 ? { withheld } : {}),
    };
  }

  #station(stationId: string): { stationId: string; stationName: string } {
    return { stationId, stationName: this.#stations.find(stationId)?.name ?? stationId };
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

const notFound = (procedureId: string) =>
  inputError('procedure-not-found', `there is no procedure ${JSON.stringify(procedureId)}`);

/** Quotes the station asked for and those there are for whoever asks. */
export function unknownStation(stationId: string, directory: StationDirectory) {
  const caller = currentAsking()?.caller;
  const reach = caller ? reachOf(caller) : 'everywhere';
  const all = directory.all().map((station) => station.id);
  const known = all.filter((id) => within(reach, id));
  return inputError(
    'station-unknown',
    `there is no station ${JSON.stringify(stationId)}; known are ${known.join(', ')}`,
  );
}
