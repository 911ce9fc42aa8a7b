import { SmartBoxError, transientError } from '@smartbox/kernel';
import { counter, createLogger, gauge, histogram, type Logger } from '@smartbox/telemetry';
import { sourceKey, type Joined, type LeaveListener, type LiveSource, type ViewerHost } from '../application/ports.ts';
import type { ViewerMessage, WorkerSettings } from '../worker/protocol.ts';
import { ViewerProcess } from './viewer-process.ts';

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

interface Joining {
  resolve: (joined: Joined) => void;
  reject: (error: Error) => void;
  startedAt: number;
}

const JOIN_MS = 8000;
const PICTURE_MS = 3000;

/** Places viewers in processes of at most `viewersPerWorker`, and feeds each process the sources it carries. */
export class WorkerPool implements ViewerHost {
  readonly #live: LiveSource;
  readonly #settings: PoolSettings;
  readonly #log: Logger = createLogger('streaming');
  readonly #processes: (ViewerProcess | undefined)[];
  readonly #watched = new Map<string, Watched>();
  readonly #joining = new Map<string, Joining>();
  readonly #startedAt = new Map<string, number>();
  readonly #listeners = new Set<LeaveListener>();
  #closed = false;

  constructor(live: LiveSource, settings: PoolSettings) {
    this.#live = live;
    this.#settings = settings;
    this.#processes = Array.from({ length: settings.maxWorkers }, () => undefined);
    gauge('smartbox_live_viewers', 'Viewers connected or connecting', [], (set) => set(this.viewers));
    gauge('smartbox_live_workers', 'Worker processes', [], (set) => set(this.#running().length));
    gauge('smartbox_live_sources', 'Sources subscribed', [], (set) => set(this.#watched.size));
  }

  get viewers(): number {
    return this.#running().reduce((sum, process) => sum + process.viewers.size, 0);
  }

  /** Process ids of the workers. */
  pids(): number[] {
    return this.#running().map(({ pid }) => pid);
  }

  /** Starts the first worker, so that the first viewer does not wait for it. */
  async warm(): Promise<void> {
    await this.#start(0).ready;
  }

  onGone(listener: LeaveListener): void {
    this.#listeners.add(listener);
  }

  async join(viewer: string, stationId: string, sourceId: string, offer: string): Promise<Joined> {
    const startedAt = performance.now();
    const source = sourceKey(stationId, sourceId);
    const process = this.#place(source);
    process.viewers.set(viewer, source);
    try {
      await process.ready;
      this.#watch(process, stationId, sourceId);
      return await this.#offer(process, viewer, source, offer, startedAt);
    } catch (error) {
      this.#drop(process, viewer);
      const code = error instanceof SmartBoxError ? error.code : 'worker-died';
      counter('smartbox_live_refused_total', 'Joins refused, by code', ['code']).inc({ code });
      throw error instanceof SmartBoxError ? error : transientError('overloaded', 'the viewer process ended', error);
    }
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

  /** One that already carries the source, else the emptiest, else a new one. */
  #place(source: string): ViewerProcess {
    const free = this.#running()
      .filter((process) => process.viewers.size < this.#settings.viewersPerWorker && !process.behind)
      .sort((a, b) => Number(b.carries(source)) - Number(a.carries(source)) || a.viewers.size - b.viewers.size);
    const [first] = free;
    if (first) return first;
    const slot = this.#processes.indexOf(undefined);
    if (slot >= 0 && !this.#closed) return this.#start(slot);
    const limit = this.#settings.maxWorkers * this.#settings.viewersPerWorker;
    throw transientError('overloaded', `no room for another viewer: ${this.viewers} of ${limit}`);
  }

  #start(slot: number): ViewerProcess {
    const { bindAddress, udpPortBase, silenceMs } = this.#settings;
    const settings: WorkerSettings = {
      bindAddress,
      udpPort: udpPortBase === 0 ? 0 : udpPortBase + slot,
      silenceMs: silenceMs ?? 8000,
      connectMs: 15_000,
      pictureMs: PICTURE_MS,
    };
    const process: ViewerProcess = new ViewerProcess(
      settings,
      (message) => this.#handle(process, message),
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

  #offer(process: ViewerProcess, viewer: string, source: string, offer: string, startedAt: number): Promise<Joined> {
    return new Promise<Joined>((resolve, reject) => {
      const late = setTimeout(() => reject(transientError('overloaded', `no answer within ${JOIN_MS} ms`)), JOIN_MS);
      const settle = () => {
        clearTimeout(late);
        this.#joining.delete(viewer);
      };
      this.#joining.set(viewer, {
        startedAt,
        resolve: (joined) => (settle(), resolve(joined)),
        reject: (error) => (settle(), reject(error)),
      });
      process.send({ t: 'join', viewer, source, offer });
    });
  }

  #handle(process: ViewerProcess, message: ViewerMessage): void {
    switch (message.t) {
      case 'answer': {
        const joining = this.#joining.get(message.viewer);
        if (joining) this.#startedAt.set(message.viewer, joining.startedAt);
        joining?.resolve({ sdp: message.sdp, iceUfrag: message.iceUfrag });
        return;
      }
      case 'refused': {
        const theirs = message.code === 'source-not-live';
        this.#joining.get(message.viewer)?.reject(
          new SmartBoxError({
            code: message.code,
            message: message.message,
            fault: theirs ? 'theirs' : 'input',
            retryable: theirs,
          }),
        );
        return;
      }
      case 'playing':
        this.#playing(message.viewer);
        return;
      case 'gone':
        this.#gone(process, message.viewer, message.reason);
        return;
      case 'keyframe-wanted': {
        const watched = this.#watched.get(message.source);
        if (watched) this.#live.requestKeyframe(watched.stationId, watched.sourceId);
        return;
      }
    }
  }

  #playing(viewer: string): void {
    const startedAt = this.#startedAt.get(viewer);
    if (startedAt === undefined) return;
    const seconds = (performance.now() - startedAt) / 1000;
    histogram('smartbox_live_join_seconds', 'From the offer to the first picture sent').observe(seconds);
    counter('smartbox_live_joins_total', 'Viewers that got a picture').inc();
    this.#log.info({ viewer, joinMs: Math.round(seconds * 1000) }, 'a viewer sees the picture');
  }

  #gone(process: ViewerProcess, viewer: string, reason: string): void {
    if (!process.viewers.has(viewer)) return;
    this.#joining.get(viewer)?.reject(transientError('overloaded', reason));
    this.#drop(process, viewer);
    this.#log.info({ viewer, reason: reason.slice(0, 200) }, 'a viewer is gone');
    for (const listener of this.#listeners) listener(viewer, reason);
  }

  #drop(process: ViewerProcess, viewer: string): void {
    const source = process.viewers.get(viewer);
    process.viewers.delete(viewer);
    this.#startedAt.delete(viewer);
    if (source !== undefined && !process.carries(source)) this.#unwatch(process, source);
  }

  #watch(process: ViewerProcess, stationId: string, sourceId: string): void {
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
    if (watched.processes.has(process)) return;
    watched.processes.add(process);
    // The profile of the stream stands in its next keyframe: the answer waits for it.
    this.#live.requestKeyframe(stationId, sourceId);
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
