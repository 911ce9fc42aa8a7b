import type { ProcedureView, RpcReply, StationConfig, StationPresence, StationView } from '@smartbox/contracts';
import type { StationDirectory } from './ports.ts';

/** Without a sign of life for this long a station is offline. */
const OFFLINE_MS = 3000;
const WINDOW_MS = 2000;

type Window = RpcReply<'buffer.get-window'>;
interface Seen {
  presence: StationPresence;
  /** performance.now() of the last sign of life; -Infinity: heard before we began. */
  at: number;
}
export interface StationFacts {
  window(stationId: string, procedureId: string | undefined): Promise<Window>;
  active(): Promise<Map<string, ProcedureView>>;
  recording(stationId: string): Promise<{ clipId: string; since: Date; stopRequestedAt: Date | null } | undefined>;
}

/** The rooms as they are now: configuration, presence, procedure, recording, and how much the ring holds. */
export class Stations {
  readonly #directory: StationDirectory;
  readonly #facts: StationFacts;
  readonly #seen = new Map<string, Seen>();
  readonly #windows = new Map<string, { window: Window | undefined; procedureId: string | undefined; at: number }>();
  readonly #bootedAt = new Date().toISOString();

  constructor(directory: StationDirectory, facts: StationFacts) {
    this.#directory = directory;
    this.#facts = facts;
  }

  /** A sign of life. `live: false`: an entry that stood there before we began; it counts only if it is young. */
  sawPresence(presence: StationPresence, options: { live: boolean; ageMs: number }): void {
    const age = options.live ? 0 : Math.max(0, options.ageMs);
    this.#seen.set(presence.stationId, { presence, at: performance.now() - age });
  }

  isOnline(stationId: string): boolean {
    const seen = this.#seen.get(stationId);
    return seen !== undefined && performance.now() - seen.at <= OFFLINE_MS;
  }

  ids(): string[] {
    return [...new Set([...this.#directory.all().map((s) => s.id), ...this.#seen.keys()])].sort();
  }

  async all(): Promise<StationView[]> {
    const active = await this.#facts.active();
    return Promise.all(this.ids().map((id) => this.#view(id, active.get(id))));
  }

  async find(stationId: string): Promise<StationView | undefined> {
    if (!this.ids().includes(stationId)) return undefined;
    return this.#view(stationId, (await this.#facts.active()).get(stationId));
  }

  async #view(stationId: string, procedure: ProcedureView | undefined): Promise<StationView> {
    const online = this.isOnline(stationId);
    const seen = this.#seen.get(stationId)?.presence;
    const config = this.#directory.find(stationId);
    const base = seen ?? neverSeen(stationId, config, this.#bootedAt);
    const [window, open] = await Promise.all([
      this.#window(stationId, procedure?.procedureId),
      this.#facts.recording(stationId),
    ]);
    const recording = open && !open.stopRequestedAt ? open : undefined;
    const lost = { state: 'offline' as const, reason: `no sign of life since ${base.at}` };
    return {
      ...base,
      name: config?.name ?? base.name,
      sources: online ? base.sources : base.sources.map((source) => ({ ...source, ...lost })),
      online,
      ...(procedure ? { procedure } : {}),
      ...(window ? { window } : {}),
      ...(recording ? { recording: { clipId: recording.clipId, startedAt: recording.since.toISOString() } } : {}),
    };
  }

  /** What the ring holds, at most two seconds old; nothing while the buffer does not answer: never a guess. */
  async #window(stationId: string, procedureId: string | undefined): Promise<Window | undefined> {
    const known = this.#windows.get(stationId);
    if (known && known.procedureId === procedureId && performance.now() - known.at < WINDOW_MS) return known.window;
    const window = await this.#facts.window(stationId, procedureId).catch(() => undefined);
    this.#windows.set(stationId, { window, procedureId, at: performance.now() });
    return window;
  }
}

const neverSeen = (stationId: string, config: StationConfig | undefined, at: string): StationPresence => ({
  stationId,
  name: config?.name ?? stationId,
  at,
  software: '',
  windowMs: (config?.windowSeconds ?? 0) * 1000,
  procedureId: null,
  brokerOk: false,
  spooledFragments: 0,
  sources: (config?.sources ?? []).map((source) => ({
    sourceId: source.id,
    name: source.name,
    kind: source.kind,
    state: 'offline',
    reason: 'the station has not been heard of',
    since: at,
    droppedFrames: 0,
  })),
});
