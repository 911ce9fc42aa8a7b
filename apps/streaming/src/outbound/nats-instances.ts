import { buckets, STREAMING_FRESH_MS, StreamingInstance } from '@smartbox/contracts';
import { newId, toError } from '@smartbox/kernel';
import { Presence, type KvStore, type Messaging } from '@smartbox/messaging';
import { createLogger } from '@smartbox/telemetry';
import type { Instances, LiveWay } from '../application/ports.ts';

export type Load = Pick<StreamingInstance, 'viewers' | 'places' | 'socketViewers' | 'socketPlaces' | 'busy'>;

const TELL_MS = 1_000;

/** All instances of this service, as each tells of itself in the KV bucket STREAMING. */
export class NatsInstances implements Instances {
  readonly #id = newId();
  readonly #url: string | undefined;
  readonly #load: () => Load;
  readonly #store: KvStore<StreamingInstance>;
  readonly #presence: Presence<StreamingInstance>;
  readonly #timer: NodeJS.Timeout;

  private constructor(store: KvStore<StreamingInstance>, url: string | undefined, load: () => Load) {
    this.#store = store;
    this.#url = url;
    this.#load = load;
    this.#presence = new Presence(store, STREAMING_FRESH_MS);
    this.#timer = setInterval(() => void this.#tell(), TELL_MS);
  }

  /** @param url where browsers reach this instance; undefined: it is not spoken of. */
  static async open(messaging: Messaging, url: string | undefined, load: () => Load): Promise<NatsInstances> {
    const { name, ...options } = buckets.streaming;
    const instances = new NatsInstances(await messaging.kv(name, StreamingInstance, options), url, load);
    await instances.#tell();
    return instances;
  }

  withRoom(way: LiveWay): string | undefined {
    const others = this.#presence.present.filter(({ instanceId, busy }) => instanceId !== this.#id && !busy);
    const free = others.map((one) => Math.max(0, way === 'webrtc' ? one.places - one.viewers : freeSockets(one)));
    // The more room, the more are sent there: two full instances do not fill the same third one.
    let ticket = Math.random() * free.reduce((sum, places) => sum + places, 0);
    const chosen = others.find((_one, i) => (ticket -= free[i] ?? 0) < 0);
    if (!chosen) return undefined;
    // Until it says so itself.
    if (way === 'webrtc') chosen.viewers += 1;
    else chosen.socketViewers += 1;
    return chosen.url;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#store.delete(this.#id).catch(() => undefined);
    await this.#presence.close();
  }

  async #tell(): Promise<void> {
    if (this.#url === undefined) return;
    const me = { instanceId: this.#id, url: this.#url, at: new Date().toISOString(), ...this.#load() };
    await this.#store
      .put(this.#id, me)
      .catch((error: unknown) => createLogger('streaming').debug({ err: toError(error) }, 'presence is not told'));
  }
}

const freeSockets = ({ socketPlaces, socketViewers }: StreamingInstance): number => socketPlaces - socketViewers;
