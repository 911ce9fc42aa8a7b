import { buckets, conversationSubject, StationConversation } from '@smartbox/contracts';
import type { KvStore, Messaging } from '@smartbox/messaging';
import type { OpenRooms, TalkCorridor } from '../application/conversation-ports.ts';

/** Core NATS between the instances, as the live pictures. */
export class NatsTalk implements TalkCorridor {
  readonly #messaging: Messaging;

  constructor(messaging: Messaging) {
    this.#messaging = messaging;
  }

  publish(stationId: string, bytes: Uint8Array): void {
    this.#messaging.publishLive(conversationSubject(stationId), bytes);
  }

  subscribe(stationId: string, take: (bytes: Uint8Array) => void): () => void {
    return this.#messaging.subscribeLive(conversationSubject(stationId), take);
  }
}

/** Which rooms have switched their conversation on, as the catalog writes it. */
export class NatsOpenRooms implements OpenRooms {
  readonly #open = new Map<string, string>();
  readonly #listeners = new Set<(stationId: string) => void>();
  readonly #stop = new AbortController();
  readonly #watching: Promise<void>;

  private constructor(store: KvStore<StationConversation>) {
    this.#watching = this.#watch(store);
  }

  static async open(messaging: Messaging): Promise<NatsOpenRooms> {
    const { name, history } = buckets.procedures;
    return new NatsOpenRooms(await messaging.kv(name, StationConversation, { history }));
  }

  procedure(stationId: string): string | undefined {
    return this.#open.get(stationId);
  }

  onChange(listener: (stationId: string) => void): void {
    this.#listeners.add(listener);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#watching;
  }

  async #watch(store: KvStore<StationConversation>): Promise<void> {
    for await (const { key, value } of store.watch('conversation.*', { signal: this.#stop.signal })) {
      const stationId = key.slice('conversation.'.length);
      if (value?.procedureId) this.#open.set(stationId, value.procedureId);
      else this.#open.delete(stationId);
      for (const listener of this.#listeners) listener(stationId);
    }
  }
}
