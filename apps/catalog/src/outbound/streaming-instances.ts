import { createHash } from 'node:crypto';
import { buckets, STREAMING_FRESH_MS, StreamingInstance } from '@smartbox/contracts';
import { Presence, type Messaging } from '@smartbox/messaging';

/** Where the live pictures of a room are. */
export class StreamingInstances {
  readonly #configured: string;
  readonly #presence: Presence<StreamingInstance>;
  /** Of all that were ever there: pages that were loaded before talk to those that come back. */
  readonly #known = new Set<string>();

  constructor(configured: string, presence: Presence<StreamingInstance>) {
    this.#configured = configured;
    this.#presence = presence;
  }

  /** @param configured the address for as long as no instance tells its own. */
  static async open(messaging: Messaging, configured: string): Promise<StreamingInstances> {
    const { name, ...options } = buckets.streaming;
    const store = await messaging.kv(name, StreamingInstance, options);
    return new StreamingInstances(configured, new Presence(store, STREAMING_FRESH_MS));
  }

  /**
   * Always the same one for a room while it is there: its pictures are then fetched once, and only the rooms of an
   * instance that goes move elsewhere (rendezvous hashing). One that is full sends viewers on by itself.
   */
  urlFor(stationId: string): string {
    const [first] = this.#presence.present
      .map(({ instanceId, url }) => ({
        url,
        rank: createHash('sha256').update(`${stationId} ${instanceId}`).digest('hex'),
      }))
      .sort((a, b) => (a.rank < b.rank ? 1 : -1));
    return first?.url ?? this.#configured;
  }

  /** What the page may talk to. */
  origins(): string[] {
    for (const { url } of this.#presence.present) this.#known.add(new URL(url).origin);
    return [...new Set([new URL(this.#configured).origin, ...this.#known])];
  }

  close(): Promise<void> {
    return this.#presence.close();
  }
}
