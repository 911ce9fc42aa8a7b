import type {
  BeforeApplicationShutdown,
  OnApplicationBootstrap,
  OnApplicationShutdown,
  OnModuleDestroy,
} from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import type { Server } from 'node:http';
import { buckets, StationPresence } from '@smartbox/contracts';
import type { Messaging } from '@smartbox/messaging';
import { health } from '@smartbox/telemetry';
import type { Feed } from './application/feed.ts';
import type { Outgoing } from './application/ports.ts';
import type { Projector } from './application/projector.ts';
import type { Relay } from './application/relay.ts';
import type { Stations } from './application/stations.ts';
import { ConnectionCloser } from './inbound/http/close-connections.ts';
import type { Database } from './outbound/database.ts';
import type { NatsPublisher } from './outbound/nats-publisher.ts';
import type { OutboxStore } from './outbound/outbox-store.ts';
import type { ProcedureStore } from './outbound/procedure-store.ts';
import type { StationStore } from './outbound/station-store.ts';

export interface Parts {
  database: Database;
  messaging: Messaging;
  stationStore: StationStore;
  stations: Stations;
  procedures: ProcedureStore;
  outbox: OutboxStore;
  publisher: NatsPublisher;
  relay: Relay;
  projector: Projector;
  feed: Feed;
  http: HttpAdapterHost;
}

/** Starts and ends what runs beside the requests: projection, outbox, presence, feed. */
export class Lifecycle
  implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown, OnApplicationShutdown
{
  readonly #parts: Parts;
  readonly #stop = new AbortController();
  #watching: Promise<void> | undefined;
  #connections: ConnectionCloser | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async onApplicationBootstrap(): Promise<void> {
    const { database, stationStore, projector, relay, feed, http } = this.#parts;
    health.add('database', () => database.ping());
    health.add('projection', () => projector.trouble);
    health.add('outbox', () => relay.trouble);
    this.#connections = new ConnectionCloser(http.httpAdapter.getHttpServer() as Server);
    await stationStore.sync();
    await this.#healProcedures();
    this.#watching = this.#watchPresence();
    projector.start();
    relay.start();
    feed.start();
  }

  async onModuleDestroy(): Promise<void> {
    this.#stop.abort();
    for (const name of ['database', 'projection', 'outbox']) health.remove(name);
    await Promise.all([this.#parts.projector.stop(), this.#parts.relay.stop(), this.#watching]);
  }

  beforeApplicationShutdown(): void {
    this.#connections?.begin();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#parts.database.close();
  }

  async #watchPresence(): Promise<void> {
    const { messaging, stations } = this.#parts;
    const { name, history } = buckets.stations;
    const presence = await messaging.kv(name, StationPresence, { history });
    for await (const { value, initial, at } of presence.watch('>', { signal: this.#stop.signal })) {
      if (value) stations.sawPresence(value, { live: !initial, ageMs: Date.now() - at.getTime() });
    }
  }

  /** A bucket that was lost or restored is brought back to what the database knows. */
  async #healProcedures(): Promise<void> {
    const { stationStore, procedures, publisher, outbox } = this.#parts;
    for (const { id: stationId } of stationStore.all()) {
      const active = await procedures.active(stationId);
      const running = await publisher.running(stationId);
      if (!active && !running?.procedureId) continue;
      if (active?.procedureId === running?.procedureId) continue;
      const since = (active?.startedAt ?? new Date()).toISOString();
      const messages: Outgoing[] = [];
      if (active) {
        const { procedureId, recipe } = active;
        const data = { procedureId, stationId, recipe, startedAt: since };
        messages.push({ kind: 'kv', name: `procedure.${procedureId}`, data });
      }
      const data = { stationId, procedureId: active?.procedureId ?? null, since };
      messages.push({ kind: 'kv', name: `station.${stationId}`, data });
      await outbox.tx((_tx, enqueue) => enqueue(messages));
    }
  }
}
