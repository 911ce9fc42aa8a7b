import { SmartBoxError, transientError } from '@smartbox/kernel';
import { counter, createLogger, gauge, histogram, type Logger } from '@smartbox/telemetry';
import {
  sourceKey,
  type LeaveListener,
  type LiveSource,
  type ViewerHost,
  type WantedSource,
} from '../application/ports.ts';
import { OFFER_MS, type Described } from '../domain/answer.ts';
import type { IceCredentials } from '../domain/offer.ts';
import type { WorkerSettings } from '../worker/protocol.ts';
import { ViewerProcess, type Told } from './viewer-process.ts';

export interface PoolSettings {
  maxWorkers: number;
  viewersPerWorker: number;
  bindAddress: string | undefined;
  /** 0: free ports. */
  udpPortBase: number;
  /** A viewer without RTCP for this long is gone, ms; default 8000. */
  silenceMs?: number;
}

interface Watched {
  stationId: string;
  sourceId: string;
  unsubscribe: () => void;
  processes: Set<ViewerProcess>;
}

const PICTURE_MS = 3000;

/** Places viewers in processes of at most `viewersPerWorker`, and feeds each process the sources it carries. */
export class WorkerPool implements ViewerHost {
  readonly #live: LiveSource;
  readonly #settings: PoolSettings;
  readonly #log: Logger = createLogger('streaming');
  readonly #processes: (ViewerProcess | undefined)[];
  readonly #watched = new Map<string, Watched>();
  /** Viewers that have not seen a picture yet. */
  readonly #startedAt = new Map<string, number>();
  readonly #listeners = new Set<LeaveListener>();
  readonly #playListeners = new Set<(viewer: string, source: string) => void>();
  #closed = false;

  constructor(live: LiveSource, settings: PoolSettings) {
    this.#live = live;
    this.#settings = settings;
    this.#processes = Array.from({ length: settings.maxWorkers }, () => undefined);
    gauge('smartbox_live_viewers', 'Viewers connected or connecting', [], (set) => set(this.viewers));
    gauge('smartbox_live_streams', 'Sources sent to viewers', [], (set) => set(this.streams));
    gauge('smartbox_live_workers', 'Worker processes', [], (set) => set(this.#running().length));
    gauge('smartbox_live_sources', 'Sources subscribed', [], (set) => set(this.#watched.size));
  }

  get viewers(): number {
    return this.#running().reduce((sum, process) => sum + process.viewers.size, 0);
  }

  /** What counts: a viewer of two sources takes two places. */
  get streams(): number {
    return this.#running().reduce((sum, process) => sum + process.streams, 0);
  }

  get places(): number {
    return this.#settings.maxWorkers * this.#settings.viewersPerWorker;
  }

  /** Process ids of the workers. */
  pids(): number[] {
    return this.#running().map(({ pid }) => pid);
  }

  /** Starts the first worker, so that the first viewer does not wait for it. */
  async warm(): Promise<void> {
    await this.#start(0).ready;
  }

  onPlaying(listener: (viewer: string, source: string) => void): void {
    this.#playListeners.add(listener);
  }

  onGone(listener: LeaveListener): void {
    this.#listeners.add(listener);
  }

  async join(viewer: string, stationId: string, wanted: readonly WantedSource[], offer: string): Promise<Described> {
    const startedAt = performance.now();
    const sources = wanted.map(({ sourceId }) => sourceKey(stationId, sourceId));
    const process = this.#place(sources);
    process.viewers.set(viewer, sources);
    try {
      await process.ready;
      for (const { sourceId, profileLevelId } of wanted) {
        // Where the station does not say it, the profile stands in the next keyframe: the answer waits for it.
        const isNew = this.#watch(process, stationId, sourceId);
        if (isNew && profileLevelId === undefined) this.#live.requestKeyframe(stationId, sourceId);
      }
      const profiles = wanted.map(({ profileLevelId }) => profileLevelId);
      const described = await process.request({ t: 'join', viewer, sources, profiles, offer });
      this.#startedAt.set(viewer, startedAt);
      return described;
    } catch (error) {
      this.#drop(process, viewer);
      const code = error instanceof SmartBoxError ? error.code : 'worker-died';
      counter('smartbox_live_refused_total', 'Joins refused, by code', ['code']).inc({ code });
      throw error instanceof SmartBoxError ? error : transientError('overloaded', 'the viewer process ended', error);
    }
  }

  async answer(viewer: string, sdp: string): Promise<void> {
    await this.#carrier(viewer).request({ t: 'answer', viewer, sdp });
  }

  async restartIce(viewer: string, ice: IceCredentials): Promise<Described> {
    return this.#carrier(viewer).request({ t: 'restart', viewer, ice });
  }

  addCandidates(viewer: string, candidates: { mid: string; candidate: string }[]): void {
    this.#of(viewer)?.send({ t: 'candidates', viewer, candidates });
  }

  leave(viewer: string): void {
    this.#of(viewer)?.send({ t: 'leave', viewer });
  }

  close(): void {
    this.#closed = true;
    for (const { unsubscribe } of this.#watched.values()) unsubscribe();
    for (const process of this.#running()) process.end();
  }

  #running(): ViewerProcess[] {
    return this.#processes.filter((process) => process !== undefined);
  }

  #of(viewer: string): ViewerProcess | undefined {
    return this.#running().find((process) => process.viewers.has(viewer));
  }

  #carrier(viewer: string): ViewerProcess {
    const process = this.#of(viewer);
    if (process) return process;
    throw new SmartBoxError({ code: 'unknown-session', message: 'this session is over', fault: 'input' });
  }

  /** One that already carries the most of these sources, else the emptiest, else a new one. All in one process. */
  #place(sources: readonly string[]): ViewerProcess {
    const missing = (process: ViewerProcess) => sources.filter((source) => !process.carries(source)).length;
    const free = this.#running()
      .filter((process) => process.streams + sources.length <= this.#settings.viewersPerWorker && !process.behind)
      .sort((a, b) => missing(a) - missing(b) || a.streams - b.streams);
    const [first] = free;
    if (first) return first;
    const slot = this.#processes.indexOf(undefined);
    if (slot >= 0 && !this.#closed) return this.#start(slot);
    throw transientError('overloaded', `no room for ${sources.length} more: ${this.streams} of ${this.places} places`);
  }

  #start(slot: number): ViewerProcess {
    const { bindAddress, udpPortBase, silenceMs, maxWorkers } = this.#settings;
    const settings: WorkerSettings = {
      bindAddress,
      udpPort: udpPortBase === 0 ? 0 : udpPortBase + slot,
      restartPort: udpPortBase === 0 ? 0 : udpPortBase + maxWorkers + slot,
      silenceMs: silenceMs ?? 8000,
      connectMs: 15_000,
      offerMs: OFFER_MS,
      pictureMs: PICTURE_MS,
    };
    const process: ViewerProcess = new ViewerProcess(
      settings,
      (told) => this.#handle(process, told),
      (line) => this.#log.warn({ worker: slot }, line),
    );
    this.#processes[slot] = process;
    void process.exited.then((how) => {
      this.#processes[slot] = undefined;
      if (!this.#closed) this.#log.error({ worker: slot, viewers: process.viewers.size }, how);
      for (const viewer of [...process.viewers.keys()]) this.#gone(process, viewer, how);
    });
    return process;
  }

  #handle(process: ViewerProcess, told: Told): void {
    switch (told.t) {
      case 'playing':
        this.#playing(told.viewer, told.source);
        return;
      case 'gone':
        this.#gone(process, told.viewer, told.reason);
        return;
      case 'keyframe-wanted': {
        const watched = this.#watched.get(told.source);
        if (watched) this.#live.requestKeyframe(watched.stationId, watched.sourceId);
        return;
      }
    }
  }

  #playing(viewer: string, source: string): void {
    for (const listener of this.#playListeners) listener(viewer, source.slice(source.indexOf('.') + 1));
    const startedAt = this.#startedAt.get(viewer);
    if (startedAt === undefined) return;
    this.#startedAt.delete(viewer);
    const seconds = (performance.now() - startedAt) / 1000;
    histogram('smartbox_live_join_seconds', 'From the offer to the first picture sent').observe(seconds);
    counter('smartbox_live_joins_total', 'Viewers that got a picture').inc();
    this.#log.info({ viewer, joinMs: Math.round(seconds * 1000) }, 'a viewer sees the picture');
  }

  #gone(process: ViewerProcess, viewer: string, reason: string): void {
    if (!process.viewers.has(viewer)) return;
    this.#drop(process, viewer);
    this.#log.info({ viewer, reason: reason.slice(0, 200) }, 'a viewer is gone');
    for (const listener of this.#listeners) listener(viewer, reason);
  }

  #drop(process: ViewerProcess, viewer: string): void {
    const sources = process.viewers.get(viewer) ?? [];
    process.viewers.delete(viewer);
    this.#startedAt.delete(viewer);
    for (const source of sources) if (!process.carries(source)) this.#unwatch(process, source);
  }

  /** True where the process has not had this source before. */
  #watch(process: ViewerProcess, stationId: string, sourceId: string): boolean {
    const source = sourceKey(stationId, sourceId);
    let watched = this.#watched.get(source);
    if (!watched) {
      const processes = new Set<ViewerProcess>();
      const take = (bytes: Uint8Array) => {
        for (const each of processes) {
          if (!each.sendUnit(source, bytes)) {
            counter('smartbox_live_units_dropped_total', 'Access units not given to a worker that is behind').inc();
          }
        }
      };
      watched = { stationId, sourceId, processes, unsubscribe: this.#live.subscribe(stationId, sourceId, take) };
      this.#watched.set(source, watched);
    }
    if (watched.processes.has(process)) return false;
    watched.processes.add(process);
    return true;
  }

  #unwatch(process: ViewerProcess, source: string): void {
    const watched = this.#watched.get(source);
    if (!watched) return;
    watched.processes.delete(process);
    process.send({ t: 'forget', source });
    if (watched.processes.size > 0) return;
    watched.unsubscribe();
    this.#watched.delete(source);
  }
}
