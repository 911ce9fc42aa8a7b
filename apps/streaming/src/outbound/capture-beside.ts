import { buckets, StationPresence } from '@smartbox/contracts';
import { bootId, transientError } from '@smartbox/kernel';
import { Presence, type Messaging } from '@smartbox/messaging';
import { createLogger, counter, gauge } from '@smartbox/telemetry';
import type { Admission } from '../application/ports.ts';
import { CaptureFirst } from '../domain/capture-first.ts';

const LOOK_MS = 500;
/** Stations tell of themselves every second, and less often the less of the machine they get. */
const FRESH_MS = 10_000;

/** No further viewers while a station on this machine captures late: video cannot be recorded twice. */
export class CaptureBeside implements Admission {
  readonly #stations: Presence<StationPresence>;
  readonly #machineId: string;
  readonly #first: CaptureFirst;
  readonly #timer: NodeJS.Timeout;
  readonly #log = createLogger('streaming');
  #lateMs = 0;

  private constructor(stations: Presence<StationPresence>, lateMs: number, machineId: string) {
    this.#stations = stations;
    this.#machineId = machineId;
    this.#first = new CaptureFirst(lateMs);
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
    gauge('smartbox_live_capture_late_seconds', 'How late the capture on this machine is', [], (set) =>
      set(this.#lateMs / 1_000),
    );
  }

  /** @param lateMs viewers are refused from here on; 0: never. */
  static async open(messaging: Messaging, lateMs: number, machineId = bootId()): Promise<CaptureBeside> {
    const { name, ...options } = buckets.stations;
    const store = await messaging.kv(name, StationPresence, options);
    return new CaptureBeside(new Presence(store, FRESH_MS), lateMs, machineId);
  }

  get busy(): boolean {
    return this.#first.closed;
  }

  /** @throws SmartBoxError `overloaded`. */
  admit(): void {
    if (!this.busy) return;
    counter('smartbox_live_refused_total', 'Joins refused, by code', ['code']).inc({ code: 'capture-late' });
    throw transientError(
      'overloaded',
      `the capture on this machine is late (${this.#lateMs} ms) and comes first: no further viewers for now; close pictures that nobody needs, or try again in some seconds`,
    );
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#stations.close();
  }

  #look(): void {
    const beside = this.#stations.present.filter(({ machineId }) => machineId === this.#machineId);
    const live = beside.flatMap(({ sources }) => sources).filter(({ state }) => state === 'live');
    this.#lateMs = Math.max(0, ...live.map(({ lateMs }) => lateMs ?? 0));
    const before = this.busy;
    this.#first.note(this.#lateMs, performance.now());
    if (before === this.busy) return;
    this.#log.warn(
      { lateMs: this.#lateMs },
      this.busy ? 'capture is late: no further viewers' : 'viewers may come again',
    );
  }
}
