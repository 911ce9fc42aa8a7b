import type {
  CreateClip,
  CreateFilmStill,
  FilmFrame,
  MarkerRequest,
  Origin,
  RecordingRequest,
  StationConfig,
  StillRequest,
} from '@smartbox/contracts';
import { inputError, newId, SmartBoxError, type Clock } from '@smartbox/kernel';
import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import type { AuditAction } from '../domain/audit/actions.ts';
import { mayKeep } from '../domain/consent.ts';
import type { Audit, ClipRequest, ClipStore, Outgoing, Procedure, ProcedureStore, StationDirectory } from './ports.ts';
import { explicitRange, lengthOf } from '../domain/clip-range.ts';
import { unknownStation } from './procedures.ts';

type Command = Extract<Outgoing, { kind: 'command' }>;
/** Told after each commit, for the feed. */
export interface Changed {
  clip(clipId: string): void;
  procedure(procedureId: string): void;
}
interface Who {
  actor: string;
  traceId: string | undefined;
}

/** How long a save can be taken back. */
const UNDO_MS = 30_000;

/** What people ask of the buffer: clips, recordings, stills, markers; and what they do with what came of it. */
export class Clips {
  readonly #store: ClipStore;
  readonly #procedures: ProcedureStore;
  readonly #stations: StationDirectory;
  readonly #changed: Changed;
  readonly #clock: Clock;

  constructor(
    store: ClipStore,
    procedures: ProcedureStore,
    stations: StationDirectory,
    changed: Changed,
    clock: Clock,
  ) {
    this.#store = store;
    this.#procedures = procedures;
    this.#stations = stations;
    this.#changed = changed;
    this.#clock = clock;
  }

  /** "Save the last 2 minutes". The same clipId again is the same clip. */
  async save(body: z.infer<typeof CreateClip>, who: Who): Promise<void> {
    const { clipId, stationId, sources, description, pressedAt = 'room' } = body;
    const explicit = explicitRange(body);
    if (await this.#isRepeat(clipId, 'clip', { stationId, ...only({ sources, range: explicit }) })) return;
    const { procedureId, recipe } = await this.#active(stationId, sources);
    const requestedAt = this.#clock.now();
    const range = explicit ?? { lastMs: recipe.saveSeconds * 1000 };
    const requestedMs = lengthOf(range, requestedAt);
    const data = {
      clipId,
      stationId,
      procedureId,
      range,
      requestedAt: requestedAt.toISOString(),
      ...only({ sources }),
    };
    const command: Command = { kind: 'command', name: 'buffer.save-clip', data };
    const request = { clipId, kind: 'clip', stationId, procedureId, requestedAt, requestedMs, command } as const;
    await this.#ask({ ...request, description: description ?? null, traceId: who.traceId }, who, 'clip.save', {
      pressedAt,
    });
  }

  async startRecording(stationId: string, body: z.infer<typeof RecordingRequest>, who: Who): Promise<void> {
    const { clipId, sources } = body;
    if (await this.#isRepeat(clipId, 'recording', { stationId, ...only({ sources }) })) return;
    const { procedureId } = await this.#active(stationId, sources);
    const open = await this.#store.openRecording(stationId);
    if (open && open.clipId !== clipId && !open.stopRequestedAt) {
      throw new SmartBoxError({
        code: 'recording-runs',
        message: `station ${stationId} already records clip ${open.clipId} since ${open.since.toISOString()}`,
        fault: 'input',
        details: { clipId: open.clipId },
      });
    }
    const requestedAt = this.#clock.now();
    const data = { clipId, stationId, procedureId, requestedAt: requestedAt.toISOString(), ...only({ sources }) };
    const command: Command = { kind: 'command', name: 'buffer.start-recording', data };
    const request = { clipId, kind: 'recording', stationId, procedureId, requestedAt, requestedMs: null } as const;
    await this.#ask({ ...request, description: null, traceId: who.traceId, command }, who, 'recording.start');
  }

  /** The clip that was being recorded. */
  async stopRecording(stationId: string, who: Who): Promise<string> {
    this.#station(stationId);
    const open = await this.#store.openRecording(stationId);
    if (!open) throw inputError('nothing-records', `station ${stationId} records nothing at the moment`);
    const at = this.#clock.now();
    const data = { clipId: open.clipId, stationId, requestedAt: at.toISOString() };
    const command: Command = { kind: 'command', name: 'buffer.stop-recording', data };
    await this.#store.stopRecording(open.clipId, at, command, { actor: who.actor, action: 'recording.stop' });
    this.#changed.clip(open.clipId);
    return open.clipId;
  }

  async still(stationId: string, body: z.infer<typeof StillRequest>, who: Who): Promise<void> {
    const { clipId, sources, at, format } = body;
    if (await this.#isRepeat(clipId, 'still', { stationId, ...only({ sources, at, format }) })) return;
    const { procedureId } = await this.#active(stationId, sources);
    const requestedAt = this.#clock.now();
    const base = { stillId: clipId, stationId, procedureId, requestedAt: requestedAt.toISOString() };
    const command: Command = {
      kind: 'command',
      name: 'buffer.capture-still',
      data: { ...base, ...only({ sources, at, format }) },
    };
    const request = { clipId, kind: 'still', stationId, procedureId, requestedAt, requestedMs: null } as const;
    await this.#ask({ ...request, description: null, traceId: who.traceId, command }, who, 'still.capture');
  }

  /** A frame of a stored film, kept as a still of its own; its procedure may have ended. */
  async stillOfFilm(
    { of, origin }: { of: FilmFrame; origin: Origin },
    body: Pick<CreateFilmStill, 'clipId' | 'format' | 'description'>,
    who: Who,
  ): Promise<void> {
    const { clipId, format, description } = body;
    const { stationId, procedureId } = origin;
    if (await this.#isRepeat(clipId, 'still', { of, ...only({ format }) })) return;
    const requestedAt = this.#clock.now();
    const base = { stillId: clipId, stationId, procedureId, requestedAt: requestedAt.toISOString() };
    const command: Command = {
      kind: 'command',
      name: 'buffer.capture-still',
      data: { ...base, of, ...only({ format }) },
    };
    const request = { clipId, kind: 'still', stationId, procedureId, requestedAt, requestedMs: null } as const;
    const facts = { of: of.clipId, sourceId: of.sourceId, frame: String(of.frame) };
    const note = { description: description ?? null, traceId: who.traceId, command };
    await this.#ask({ ...request, ...note }, who, 'still.of-film', facts);
  }

  async mark(stationId: string, body: z.infer<typeof MarkerRequest>, who: Who) {
    const { procedureId } = await this.#active(stationId, undefined);
    const at = body.at ?? this.#clock.now().toISOString();
    const marker = { markerId: body.markerId, procedureId, at, ...only({ label: body.label }) };
    const command: Command = { kind: 'command', name: 'buffer.set-marker', data: { ...marker, stationId } };
    const audit: Audit = { actor: who.actor, action: 'marker.set', procedureId };
    await this.#store.send([command], `marker/${body.markerId}`, audit);
    return marker;
  }

  async annotate(clipId: string, change: { description?: string | undefined; keep?: boolean | undefined }, who: Who) {
    const { description, keep } = change;
    const detail = { fields: Object.keys(only({ description, keep })) };
    await this.#store.annotate(clipId, only({ description, keep }), {
      actor: who.actor,
      action: 'clip.annotate',
      detail,
    });
    this.#changed.clip(clipId);
  }

  /** Takes a save back: it disappears from the lists, its bytes and whatever was delivered stay. */
  async undo(clip: { clipId: string; requestedAt: string; savedAt?: string | undefined }, who: Who): Promise<void> {
    const now = this.#clock.now();
    const since = Date.parse(clip.savedAt ?? clip.requestedAt);
    if (now.getTime() - since > UNDO_MS) {
      const seconds = Math.round((now.getTime() - since) / 1000);
      throw new SmartBoxError({
        code: 'undo-too-late',
        message: `clip ${clip.clipId} was saved ${seconds} s ago; it can be taken back for ${UNDO_MS / 1000} s`,
        fault: 'input',
      });
    }
    await this.#store.hide(clip.clipId, now, { actor: who.actor, action: 'clip.undo' });
    this.#changed.clip(clip.clipId);
  }

  /** Tries again what was given up or waits: the save itself, its preparation, or its deliveries. How many commands that were. */
  async retry(clipId: string, who: Who): Promise<number> {
    const { request, deliveries, prepare } = await this.#store.retryable(clipId);
    const commands: Command[] = [
      ...(request ? [request] : []),
      ...prepare.map((what) => {
        return { kind: 'command', name: 'transcoder.prepare-again', data: { again: newId(), ...what } } as const;
      }),
      ...deliveries.map(({ deliveryId, instanceId, destination }) => {
        return {
          kind: 'command',
          name: 'pacs-gateway.retry-delivery',
          data: { deliveryId, instanceId, destination },
        } as const;
      }),
    ];
    if (commands.length === 0) {
      throw new SmartBoxError({
        code: 'nothing-to-retry',
        message: `clip ${clipId} has nothing that was given up and can be tried again from here`,
        fault: 'input',
      });
    }
    const audit: Audit = { actor: who.actor, action: 'clip.retry', detail: { commands: commands.length } };
    await this.#store.send(commands, `clip/${clipId}`, audit);
    return commands.length;
  }

  async #ask(request: ClipRequest, who: Who, action: AuditAction, facts: Record<string, string> = {}): Promise<void> {
    const detail = { stationId: request.stationId, ...facts };
    await this.#store.request(request, { actor: who.actor, action, detail });
    this.#changed.clip(request.clipId);
  }

  /** True when the same was asked under this id before: a lost answer, or a second press. */
  async #isRepeat(clipId: string, kind: string, asked: Record<string, unknown>): Promise<boolean> {
    const known = await this.#store.asked(clipId);
    if (!known) return false;
    const before = known.request as Record<string, unknown>;
    if (known.kind === kind && Object.entries(asked).every(([key, value]) => isDeepStrictEqual(before[key], value))) {
      return true;
    }
    throw new SmartBoxError({
      code: 'id-in-use',
      message: `id ${clipId} was used for another request before: every clip needs an id of its own`,
      fault: 'input',
    });
  }

  #station(stationId: string): StationConfig {
    const station = this.#stations.find(stationId);
    if (!station) throw unknownStation(stationId, this.#stations);
    return station;
  }

  async #active(stationId: string, sources: readonly string[] | undefined): Promise<Procedure> {
    const known = this.#station(stationId).sources.map((source) => source.id);
    const unknown = sources?.find((source) => !known.includes(source));
    if (unknown !== undefined) {
      const message = `station ${stationId} has no source ${JSON.stringify(unknown)}; it has ${known.join(', ')}`;
      throw inputError('source-unknown', message);
    }
    const procedure = await this.#procedures.active(stationId);
    if (procedure) {
      mayKeep(procedure);
      return procedure;
    }
    throw new SmartBoxError({
      code: 'no-procedure',
      message: `no procedure runs at station ${stationId}: select a patient first`,
      fault: 'input',
    });
  }
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };
const only = <T extends object>(value: T): Defined<T> =>
  Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as Defined<T>;
