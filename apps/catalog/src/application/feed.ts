import type { FeedMessage } from '@smartbox/contracts';
import type { Logger } from '@smartbox/telemetry';
import { toError } from '@smartbox/kernel';
import type { Changes } from './projector.ts';

export interface FeedEntry {
  /** EVENTS sequence, where the message comes from an event: the client may resume behind it. */
  sequence?: number;
  /** The room that it is about. */
  stationId?: string;
  message: FeedMessage;
}
type Listener = (entry: FeedEntry) => void;
type ClipMessage = Extract<FeedMessage, { kind: 'clip' }>['clip'];
type ProcedureMessage = Extract<FeedMessage, { kind: 'procedure' }>['procedure'];
type MarkerMessage = Extract<FeedMessage, { kind: 'marker' }>['marker'];
export type FilmMessage = Extract<FeedMessage, { kind: 'edit' | 'export' }>;
type StationMessage = Extract<FeedMessage, { kind: 'station' }>['station'];

export interface FeedSource {
  clip(clipId: string): Promise<ClipMessage | undefined>;
  clipsOf(procedureId: string): Promise<ClipMessage[]>;
  procedure(procedureId: string): Promise<ProcedureMessage | undefined>;
  /** The room of a clip, also of one that was taken back. */
  stationOf(clipId: string): Promise<string | undefined>;
  marker(markerId: string): Promise<{ stationId: string; marker: MarkerMessage } | undefined>;
  film(renditionId: string): Promise<{ stationId: string; message: FilmMessage } | undefined>;
  stations(): Promise<StationMessage[]>;
  station(stationId: string): Promise<StationMessage | undefined>;
  changedSince(sequence: number): Promise<FeedEntry[]>;
}

const HEARTBEAT_MS = 1000;

const ofStation = (station: StationMessage): FeedEntry => {
  return { stationId: station.stationId, message: { kind: 'station', station } };
};

/** What every open screen is told: changes after their commit, the rooms each second, and a heartbeat. */
export class Feed {
  readonly #source: FeedSource;
  readonly #log: Logger;
  readonly #listeners = new Set<Listener>();
  #timer: NodeJS.Timeout | undefined;
  #beating = false;

  constructor(source: FeedSource, log: Logger) {
    this.#source = source;
    this.#log = log;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.#beat(), HEARTBEAT_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#listeners.clear();
  }

  /**
   * Everything from now on; with `since` first what changed after that EVENTS sequence, without a hole between the
   * two. The rooms come at once. Returns the way to stop.
   */
  async subscribe(listener: Listener, since?: number): Promise<() => void> {
    const waiting: FeedEntry[] = [];
    let through: Listener = (entry) => void waiting.push(entry);
    const entry: Listener = (e) => through(e);
    this.#listeners.add(entry);
    try {
      const missed = since === undefined ? [] : await this.#source.changedSince(since);
      const stations = await this.#source.stations();
      for (const one of missed) listener(one);
      for (const station of stations) listener(ofStation(station));
      for (const held of waiting) listener(held);
      through = listener;
    } catch (error) {
      this.#listeners.delete(entry);
      throw error;
    }
    return () => this.#listeners.delete(entry);
  }

  /** After the commit of a batch of events. */
  async changed(changes: Changes): Promise<void> {
    if (this.#listeners.size === 0) return;
    const { sequence } = changes;
    for (const clipId of changes.clips) {
      const clip = await this.#source.clip(clipId);
      if (clip) this.#tell({ sequence, stationId: clip.stationId, message: { kind: 'clip', clip } });
    }
    for (const renditionId of changes.films) {
      const film = await this.#source.film(renditionId);
      if (film) this.#tell({ sequence, ...film });
    }
    for (const procedureId of changes.procedures) await this.#tellProcedure(procedureId, sequence);
    for (const markerId of changes.markers) {
      const found = await this.#source.marker(markerId);
      if (!found) continue;
      const { stationId, marker } = found;
      this.#tell({ sequence, stationId, message: { kind: 'marker', marker } });
    }
    for (const { sequence: own, at, stationId, sourceId, code, reason } of changes.alarms) {
      const where = { ...(stationId ? { stationId } : {}), ...(sourceId ? { sourceId } : {}) };
      const message = { kind: 'alarm', code, reason, at: at.toISOString(), ...where } as const;
      this.#tell({ sequence: own, ...(stationId ? { stationId } : {}), message });
    }
  }

  /** After a person's change. */
  clip(clipId: string): void {
    this.#later(async () => {
      const clip = await this.#source.clip(clipId);
      const stationId = clip?.stationId ?? (await this.#source.stationOf(clipId));
      const where = stationId === undefined ? {} : { stationId };
      this.#tell({ ...where, message: clip ? { kind: 'clip', clip } : { kind: 'clip-removed', clipId } });
    });
  }

  film(renditionId: string): void {
    this.#later(async () => {
      const film = await this.#source.film(renditionId);
      if (film) this.#tell(film);
    });
  }

  procedure(procedureId: string): void {
    this.#later(() => this.#tellProcedure(procedureId, undefined));
  }

  /** After a change of a procedure that its clips carry too. */
  clipsOf(procedureId: string): void {
    this.#later(async () => {
      for (const clip of await this.#source.clipsOf(procedureId)) this.#tell({ message: { kind: 'clip', clip } });
    });
  }

  /** Somebody has acknowledged alarms of that kind. */
  alarmSeen(code: string): void {
    this.#tell({ message: { kind: 'alarm-acknowledged', code } });
  }

  async #tellProcedure(procedureId: string, sequence: number | undefined): Promise<void> {
    const procedure = await this.#source.procedure(procedureId);
    if (!procedure) return;
    const id = sequence === undefined ? {} : { sequence };
    const { stationId } = procedure;
    this.#tell({ ...id, stationId, message: { kind: 'procedure', procedure } });
    const station = await this.#source.station(stationId);
    if (station) this.#tell(ofStation(station));
  }

  #later(work: () => Promise<void>): void {
    if (this.#listeners.size === 0) return;
    work().catch((error: unknown) => this.#log.warn({ err: toError(error) }, 'a change could not be told'));
  }

  async #beat(): Promise<void> {
    if (this.#listeners.size === 0) return;
    this.#tell({ message: { kind: 'heartbeat', at: new Date().toISOString() } });
    if (this.#beating) return;
    this.#beating = true;
    try {
      for (const station of await this.#source.stations()) this.#tell(ofStation(station));
    } catch (error) {
      this.#log.warn({ err: toError(error) }, 'the rooms could not be told');
    } finally {
      this.#beating = false;
    }
  }

  #tell(entry: FeedEntry): void {
    for (const listener of [...this.#listeners]) listener(entry);
  }
}
