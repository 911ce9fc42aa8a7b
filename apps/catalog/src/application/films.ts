import {
  archivedProfiles,
  burnedInOf,
  DeidentifyChoices,
  type CreateEdit,
  type CreateExport,
  type CreateFilmStill,
  type EditClip,
  type EditSource,
  type EditView,
  type ExportClip,
  type ExportPurpose,
  type ExportView,
  type FilmFrame,
  type Origin,
  type Rational,
} from '@smartbox/contracts';
import { deterministicId, inputError, SmartBoxError, type Clock } from '@smartbox/kernel';
import { edit, sourceFrameAt, startEdit, timelineOf } from '@smartbox/recording/edit';
import { isDeepStrictEqual } from 'node:util';
import type { Fact } from '../domain/facts.ts';
import { deniedBy, type ConsentOf } from '../domain/consent.ts';
import { editView, exportView, madeOf, stillFrameOf, type FilmRequest, type NewFilm } from '../domain/film.ts';
import { removed, stillHere } from '../domain/retention/removals.ts';
import type { Audit, Outgoing } from './ports.ts';

export interface FilmStore {
  find(renditionId: string): Promise<FilmRequest | undefined>;
  ofExport(exportId: string): Promise<FilmRequest[]>;
  facts(clipId: string): Promise<Fact[]>;
  origin(clipId: string, sourceId: string): Promise<Origin | undefined>;
  source(
    clipId: string,
    sourceId: string,
  ): Promise<{
    key: string;
    bytes: bigint;
    sha256: string;
    frames: number;
    startedAt: Date;
    /** `Rational` */
    frameRate: unknown;
    removedAt: Date | null;
    removedBy: string | null;
  } | null>;
  /** What the patient said, and what the recipe makes of it. */
  consent(clipId: string): Promise<ConsentOf | undefined>;
  request(rows: readonly NewFilm[], command: Outgoing, audit: Audit): Promise<void>;
  cancel(rows: readonly FilmRequest[], command: Outgoing, audit: Audit, at: Date): Promise<void>;
}

/** As it is when it was just asked for. */

/** What people ask of films: edits and exports, made by the transcoder. */
export class Films {
  readonly #store: FilmStore;
  readonly #changed: { film(renditionId: string): void };
  readonly #clock: Clock;

  constructor(store: FilmStore, changed: { film(renditionId: string): void }, clock: Clock) {
    this.#store = store;
    this.#changed = changed;
    this.#clock = clock;
  }

  /** The same renditionId again is the same edit. @throws SmartBoxError what the timeline refuses, at once. */
  async edit(clipId: string, body: CreateEdit, actor: string): Promise<EditView> {
    const { renditionId, steps, enhance, destinations, name } = body;
    const asked = body.sources.map((source) => ({ clipId: source.clipId ?? clipId, sourceId: source.sourceId }));
    const [first] = asked;
    if (!first || first.clipId !== clipId)
      throw inputError('source-unknown', `the first source has to be one of clip ${clipId}, not of ${first?.clipId}`);
    const known = await this.#store.find(renditionId);
    if (known) {
      const before = known.request as EditClip;
      const same = known.clipId === clipId && known.kind === 'edit' && isDeepStrictEqual(before.steps, steps);
      if (!same) throw idInUse(renditionId);
      return editView(known, await this.#store.facts(clipId));
    }
    await this.#permitted(asked, 'care', destinations);
    const sources: EditSource[] = [];
    for (const source of asked) sources.push(await this.#source(source.clipId, source.sourceId));
    const start = startEdit(sources.map((s) => ({ source: `${s.clipId}/${s.sourceId}`, frames: s.frames })));
    timelineOf(steps.reduce(edit, start));
    const requestedAt = this.#clock.now();
    const command: EditClip = {
      renditionId,
      origin: await this.#origin(clipId, first.sourceId),
      sources,
      steps,
      requestedAt: requestedAt.toISOString(),
      ...(enhance ? { enhance } : {}),
      ...(destinations ? { destinations } : {}),
    };
    const row = {
      renditionId,
      clipId,
      sourceId: first.sourceId,
      kind: 'edit' as const,
      exportId: null,
      profile: null,
      editId: null,
      purpose: null,
      name: name ?? null,
      request: command,
      requestedAt,
    };
    const detail = { renditionId, sources: asked, steps: steps.length, ...(destinations ? { destinations } : {}) };
    const outgoing = { kind: 'command', name: 'transcoder.edit-clip', data: command } as const;
    await this.#store.request([row], outgoing, { actor, action: 'clip.edit', detail });
    this.#changed.film(renditionId);
    return editView({ ...row, ...fresh }, await this.#store.facts(clipId));
  }

  async export(clipId: string, body: CreateExport, actor: string): Promise<ExportView[]> {
    const { exportId, redactions, destinations, name, purpose } = body;
    const deidentify = deidentifying(body);
    const profiles = [...new Set(body.profiles)];
    const known = await this.#store.ofExport(exportId);
    if (known.length > 0) {
      if (known[0]?.clipId !== clipId || known.length !== profiles.length) throw idInUse(exportId);
      const facts = await this.#store.facts(clipId);
      return known.map((row) => exportView(row, facts));
    }
    if (redactions.length > 0 && profiles.includes('original'))
      throw inputError(
        'redaction-impossible',
        'the profile original is the untouched file: nothing can be hidden in it',
      );
    if (destinations && !profiles.some((profile) => archivedProfiles.has(profile))) {
      const named = [...archivedProfiles].join(', ');
      throw inputError('no-archive-profile', `none of ${profiles.join(', ')} is made for DICOM: use one of ${named}`);
    }
    const { source, origin, editId, of } = await this.#exported(clipId, body.of);
    await this.#permitted(of, purpose, destinations);
    if (deidentify && !deidentify.confirmBurnedIn) await this.#withoutText(of);
    const requestedAt = this.#clock.now();
    const outputs = profiles.map((profile) => ({ renditionId: deterministicId('export', exportId, profile), profile }));
    const command: ExportClip = {
      exportId,
      origin,
      source,
      outputs,
      redactions,
      requestedAt: requestedAt.toISOString(),
      ...(editId === undefined ? {} : { editId }),
      ...(destinations ? { destinations } : {}),
      ...(deidentify ? { deidentify } : {}),
    };
    const { destinations: _, ...staying } = command;
    const rows = outputs.map(({ renditionId, profile }) => ({
      renditionId,
      clipId,
      sourceId: origin.sourceId,
      kind: 'export' as const,
      exportId,
      profile,
      editId: editId ?? null,
      purpose,
      name: name ?? null,
      request: archivedProfiles.has(profile) ? command : staying,
      requestedAt,
    }));
    const detail = { exportId, profiles, redactions, purpose, ...(editId ? { editId } : {}), ...(destinations ? { destinations } : {}), ...(deidentify ? { deidentify } : {}) }; // prettier-ignore
    const outgoing = { kind: 'command', name: 'transcoder.export-clip', data: command } as const;
    await this.#store.request(rows, outgoing, { actor, action: 'clip.export', detail });
    for (const { renditionId } of rows) this.#changed.film(renditionId);
    const facts = await this.#store.facts(clipId);
    return rows.map((row) => exportView({ ...row, ...fresh }, facts));
  }

  /** A frame of a stored film, for a picture. Of a still it is the one that was kept. @throws SmartBoxError `bad-frame-range` */
  async frame(clipId: string, of: CreateFilmStill['of'], frame: number): Promise<{ of: FilmFrame; origin: Origin }> {
    const facts = await this.#store.facts(clipId);
    if ('renditionId' in of) {
      const { source, origin } = await this.#exported(clipId, of);
      checkFrame(frame, madeOf(of.renditionId, facts)?.video?.frames ?? 0, `edit ${of.renditionId}`);
      const startedAt = await this.#startOfEdit(of.renditionId, frame, origin);
      return { of: { clipId, sourceId: source.sourceId, key: source.key, startedAt, frame }, origin };
    }
    const origin = await this.#store.origin(clipId, of.sourceId);
    if (!origin) throw notSaved(clipId, of.sourceId);
    const { key, frames } = await this.#source(clipId, of.sourceId);
    checkFrame(frame, frames, `source ${of.sourceId}`);
    const kept = stillFrameOf(of.sourceId, facts) ?? frame;
    return { of: { clipId, sourceId: of.sourceId, key, startedAt: origin.capturedAt, frame: kept }, origin };
  }

  /**
   * Before an exported file is handed out or sent on: what was agreed to may have been withdrawn.
   * @throws SmartBoxError `consent-needed`
   */
  async handOut({ clipId, editId, purpose }: FilmRequest, destinations: readonly string[] = []): Promise<void> {
    const edit = editId === null ? undefined : await this.#store.find(editId);
    const of = edit ? (edit.request as EditClip).sources : [{ clipId }];
    await this.#permitted(of, purpose === 'teaching' ? 'teaching' : 'care', destinations);
  }

  /** Stops what is not ready: of an export the whole request. */
  async cancel(row: FilmRequest, actor: string): Promise<void> {
    const rows = row.exportId ? await this.#store.ofExport(row.exportId) : [row];
    const data = { clipId: row.clipId, renditionId: row.exportId ?? row.renditionId };
    const outgoing = { kind: 'command', name: 'transcoder.cancel-job', data } as const;
    const audit: Audit = { actor, action: `clip.${row.kind}.cancel`, detail: { renditionId: row.renditionId } };
    const facts = await this.#store.facts(row.clipId);
    const open = rows.filter(({ renditionId }) => !madeOf(renditionId, facts));
    if (open.length > 0) await this.#store.cancel(open, outgoing, audit, this.#clock.now());
    for (const { renditionId } of open) this.#changed.film(renditionId);
  }

  async #exported(clipId: string, of: CreateExport['of']) {
    if ('sourceId' in of) {
      const { frames: _, ...source } = await this.#source(clipId, of.sourceId);
      return { source, origin: await this.#origin(clipId, of.sourceId), editId: undefined, of: [source] };
    }
    const row = await this.#store.find(of.renditionId);
    if (row?.kind !== 'edit' || row.clipId !== clipId)
      throw inputError('edit-not-found', `clip ${clipId} has no edit ${of.renditionId}`);
    if (row.removed) throw removed(`edit ${of.renditionId}`, row.removed);
    const made = madeOf(of.renditionId, await this.#store.facts(clipId));
    if (!made) throw inputError('edit-not-ready', `edit ${of.renditionId} is not ready yet: export it when it is`);
    const { key, bytes, sha256 } = made;
    const source = { clipId, sourceId: row.sourceId, key, bytes, sha256 };
    const origin = await this.#origin(clipId, row.sourceId);
    return {
      source,
      origin: { ...origin, durationMs: made.cut?.durationMs ?? origin.durationMs },
      editId: of.renditionId,
      of: (row.request as EditClip).sources,
    };
  }

  /** When an edit would have begun, so that this frame of it was captured when its source was. */
  async #startOfEdit(renditionId: string, frame: number, origin: Origin): Promise<string> {
    const row = await this.#store.find(renditionId);
    const { sources, steps } = (row?.request ?? { sources: [], steps: [] }) as EditClip;
    const start = startEdit(sources.map((s) => ({ source: `${s.clipId}/${s.sourceId}`, frames: s.frames })));
    const from = sourceFrameAt(timelineOf(steps.reduce(edit, start)), frame);
    const [clipId = '', sourceId = ''] = from.source.split('/');
    const source = await this.#store.source(clipId, sourceId);
    if (!source) return origin.capturedAt;
    const { num, den } = source.frameRate as Rational;
    return new Date(source.startedAt.getTime() + ((from.frame - frame) * 1000 * den) / num).toISOString();
  }

  /** Of every clip that is in it. @throws SmartBoxError `consent-needed` */
  async #permitted(
    of: readonly { clipId: string }[],
    purpose: ExportPurpose,
    destinations: readonly string[] = [],
  ): Promise<void> {
    for (const clipId of new Set(of.map((each) => each.clipId))) {
      const consent = await this.#store.consent(clipId);
      const denied = consent && deniedBy(consent, purpose, destinations);
      if (denied) throw denied;
    }
  }

  /** @throws SmartBoxError `burned-in-annotation` */
  async #withoutText(of: readonly { clipId: string; sourceId: string }[]): Promise<void> {
    for (const { clipId, sourceId } of of) {
      const recipe = (await this.#store.origin(clipId, sourceId))?.recipe;
      if (!recipe) continue;
      // PS3.3 C.8.6.3: a Secondary Capture has to say, and unset is yes there
      const isCapture = recipe.dicom.videoSopClass === 'secondary-capture';
      if ((burnedInOf(recipe, sourceId) ?? (isCapture ? 'yes' : 'no')) === 'no') continue;
      const why = `the pictures of ${sourceId} may carry text that names the patient (recipe ${recipe.name})`;
      throw inputError(
        'burned-in-annotation',
        `${why}: look at them, hide it, and confirm that nobody can be recognized`,
      );
    }
  }

  async #source(clipId: string, sourceId: string): Promise<EditSource> {
    const row = await this.#store.source(clipId, sourceId);
    if (!row) throw notSaved(clipId, sourceId);
    const { key, bytes, sha256, frames, removedAt, removedBy } = row;
    stillHere(`source ${sourceId} of clip ${clipId}`, { removedAt, removedBy });
    return { clipId, sourceId, key, bytes: Number(bytes), sha256, frames };
  }

  async #origin(clipId: string, sourceId: string): Promise<Origin> {
    const origin = await this.#store.origin(clipId, sourceId);
    if (!origin) throw notSaved(clipId, sourceId);
    if (origin.kind === 'still')
      throw inputError('not-a-film', `${clipId} is a still: only films are cut and exported`);
    return origin;
  }
}

const fresh = { cancelledAt: null, removed: null, copies: [] };

/** The options of the copy for teaching; undefined where none is asked for. @throws SmartBoxError `bad-arguments` */
function deidentifying({ profiles, purpose, deidentify }: CreateExport): DeidentifyChoices | undefined {
  if (!profiles.includes('dicom-teaching')) return undefined;
  if (purpose !== 'teaching')
    throw inputError('bad-arguments', 'dicom-teaching is for the purpose teaching, which needs consent: ask for it so');
  return deidentify ?? DeidentifyChoices.parse({});
}

const notSaved = (clipId: string, sourceId: string) =>
  inputError('not-saved', `clip ${clipId} has no saved video of source ${sourceId}`);

function checkFrame(frame: number, frames: number, what: string): void {
  if (frame >= frames) throw inputError('bad-frame-range', `${what} has the frames 0 to ${frames - 1}, not ${frame}`);
}

const idInUse = (id: string) =>
  new SmartBoxError({
    code: 'id-in-use',
    message: `id ${id} was used for another request before: every edit and export needs an id of its own`,
    fault: 'input',
  });
