import { setTimeout } from 'node:timers/promises';
import type {
  DevicePicture,
  DevicePictureWish,
  DevicesReply,
  ProcedureView,
  RpcReply,
  SourceTest,
  StationConfig,
  StationPresence,
  StationView,
} from '@smartbox/contracts';
import { SmartBoxError, toError, transientError } from '@smartbox/kernel';
import type { StationDirectory } from './ports.ts';

/** Without a sign of life for this long a station is offline. */
const OFFLINE_MS = 3000;
const WINDOW_MS = 2000;
const CLOCK_SAMPLES = 30;
/** A station tells its state each second. */
const PICTURE_MS = 2500;
/** Nobody listens, or nobody answered in time. */
const UNANSWERED: readonly string[] = ['no-responders', 'rpc-timeout'];

type Window = RpcReply<'buffer.get-window'>;
interface Seen {
  presence: StationPresence;
  /** performance.now() of the last sign of life; -Infinity: heard before we began. */
  at: number;
  /** Station's clock minus the broker's at its last signs of life, milliseconds; each with its delay in it. */
  offsets: readonly number[];
}
export interface StationFacts {
  window(stationId: string, procedureId: string | undefined): Promise<Window>;
  active(): Promise<Map<string, ProcedureView>>;
  /** Asks the capture process of a source for a keyframe: it answers when it has heard. */
  knock(stationId: string, sourceId: string): Promise<unknown>;
  /** Asks the station for the cameras that are connected to it. */
  devices(stationId: string): Promise<DevicesReply>;
  /** Asks the station for a picture of one of them. */
  devicePicture(stationId: string, wish: DevicePictureWish): Promise<DevicePicture>;
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
  sawPresence(presence: StationPresence, options: { live: boolean; storedAt: Date }): void {
    const { live, storedAt } = options;
    const age = live ? 0 : Math.max(0, Date.now() - storedAt.getTime());
    const before = this.#seen.get(presence.stationId)?.offsets ?? [];
    const offsets = [...before.slice(1 - CLOCK_SAMPLES), Date.parse(presence.at) - storedAt.getTime()];
    this.#seen.set(presence.stationId, { presence, at: performance.now() - age, offsets });
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
    const { presence: seen, offsets = [] } = this.#seen.get(stationId) ?? {};
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
      // a delay on the way makes the station seem late: the largest is the nearest to the truth
      ...(offsets.length > 0 ? { clockOffsetMs: Math.max(...offsets) } : {}),
      ...(procedure ? { procedure } : {}),
      ...(window ? { window } : {}),
      ...(config?.conversation ? { conversation: { rights: config.conversation.rights } } : {}),
      ...(recording ? { recording: { clipId: recording.clipId, startedAt: recording.since.toISOString() } } : {}),
    };
  }

  /** Does the station answer, and do pictures come? What is known of the source is what the station says of it. */
  async test(stationId: string, sourceId: string): Promise<SourceTest> {
    const began = performance.now();
    const source = () => this.#seen.get(stationId)?.presence.sources.find((each) => each.sourceId === sourceId);
    const pictureBefore = source()?.lastFrameAt;
    try {
      await this.#facts.knock(stationId, sourceId);
    } catch (error) {
      const reason = `the station does not answer: ${toError(error).message}`;
      return { ok: false, state: 'offline', reason };
    }
    const answerMs = performance.now() - began;
    while (performance.now() - began < PICTURE_MS) {
      const { state = 'offline', lastFrameAt } = source() ?? {};
      if (state === 'live' && lastFrameAt !== undefined && lastFrameAt !== pictureBefore) {
        return { ok: true, answerMs, state, pictureMs: performance.now() - began };
      }
      await setTimeout(50);
    }
    const { state = 'offline', reason = 'no picture has come' } = source() ?? {};
    return { ok: false, answerMs, state, reason };
  }

  /**
   * The cameras and frame grabbers that the station finds now.
   * @throws SmartBoxError `station-silent` when it does not answer; retryable.
   */
  devices(stationId: string): Promise<DevicesReply> {
    return answered(stationId, this.#facts.devices(stationId));
  }

  /**
   * A picture of one of its devices.
   * @throws SmartBoxError `station-silent`, and what the device has against it: `device-busy`, `device-no-signal` ...
   */
  devicePicture(stationId: string, wish: DevicePictureWish): Promise<DevicePicture> {
    return answered(stationId, this.#facts.devicePicture(stationId, wish));
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

async function answered<T>(stationId: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof SmartBoxError && UNANSWERED.includes(error.code))) throw error;
    const reason = `station ${JSON.stringify(stationId)} does not answer: does capture-edge run on it, and does it reach the broker?`;
    throw transientError('station-silent', reason, error);
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
