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
import { createLogger, health } from '@smartbox/telemetry';
import type { Doorkeeper } from './application/access/doorkeeper.ts';
import type { SetUpCode } from './application/access/sign-in.ts';
import type { AuditSender } from './application/audit-sender.ts';
import type { Feed } from './application/feed.ts';
import type { Housekeeping } from './application/housekeeping.ts';
import type { Audit, Outgoing } from './application/ports.ts';
import type { Projector } from './application/projector.ts';
import type { Relay } from './application/relay.ts';
import type { Retention } from './application/retention/retention.ts';
import type { Sweeper } from './application/retention/sweeper.ts';
import type { Stations } from './application/stations.ts';
import { ConnectionCloser } from './inbound/http/close-connections.ts';
import type { TokenStore } from './outbound/access/device-store.ts';
import type { AuditStore } from './outbound/audit-store.ts';
import type { Database } from './outbound/database.ts';
import type { NatsPublisher } from './outbound/nats-publisher.ts';
import type { OutboxStore } from './outbound/outbox-store.ts';
import type { ProcedureStore } from './outbound/procedure-store.ts';
import type { StationStore } from './outbound/station-store.ts';
import type { StreamingInstances } from './outbound/streaming-instances.ts';

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
  sweeper: Sweeper;
  retention: Retention;
  http: HttpAdapterHost;
  streaming: StreamingInstances;
  audit: AuditStore;
  auditSender: AuditSender;
  housekeeping: Housekeeping;
  tokens: TokenStore;
  door: Doorkeeper;
  setUpCode: SetUpCode;
}

/** What the service is told besides. */
export interface Opening {
  version: string;
  publicUrl: string;
  /** Hash of the token of this machine's command line. */
  toolsTokenHash: string | undefined;
}

/** Starts and ends what runs beside the requests: projection, outbox, presence, feed. */
export class Lifecycle
  implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown, OnApplicationShutdown
{
  readonly #parts: Parts;
  readonly #opening: Opening;
  readonly #stop = new AbortController();
  #watching: Promise<void> | undefined;
  #connections: ConnectionCloser | undefined;

  constructor(parts: Parts, opening: Opening) {
    this.#parts = parts;
    this.#opening = opening;
  }

  async onApplicationBootstrap(): Promise<void> {
    const { database, stationStore, projector, relay, feed, sweeper, retention, http, housekeeping } = this.#parts;
    health.add('database', () => database.ping());
    health.add('projection', () => projector.trouble);
    health.add('outbox', () => relay.trouble);
    this.#connections = new ConnectionCloser(http.httpAdapter.getHttpServer() as Server);
    await stationStore.sync();
    await this.#open();
    await this.#healProcedures();
    this.#watching = this.#watchPresence();
    projector.start();
    relay.start();
    feed.start();
    sweeper.start(() => retention.watchStore());
    housekeeping.start();
    this.#parts.auditSender.start();
  }

  async onModuleDestroy(): Promise<void> {
    this.#stop.abort();
    for (const name of ['database', 'projection', 'outbox']) health.remove(name);
    const { projector, relay, streaming, sweeper, housekeeping, auditSender } = this.#parts;
    await Promise.all([
      projector.stop(),
      relay.stop(),
      streaming.close(),
      sweeper.stop(),
      housekeeping.stop(),
      auditSender.stop(),
      this.#watching,
    ]);
  }

  beforeApplicationShutdown(): void {
    this.#connections?.begin();
  }

  async onApplicationShutdown(): Promise<void> {
    const audit: Audit = { actor: 'system', action: 'system.stop' };
    // A database that is away keeps nobody from ending.
    await this.#parts.audit.write('catalog', audit, new Date()).catch(() => undefined);
    await this.#parts.database.close();
  }

  async #open(): Promise<void> {
    const { audit, tokens, door, setUpCode } = this.#parts;
    const { version, publicUrl, toolsTokenHash } = this.#opening;
    await audit.write('catalog', { actor: 'system', action: 'system.start', detail: { version } }, new Date());
    if (toolsTokenHash !== undefined) {
      await tokens.ensure({ name: 'tools', roles: ['admin'], tokenHash: toolsTokenHash }, new Date());
    }
    if (setUpCode.value === undefined || (await door.access()) !== 'set-up') return;
    const facts = { address: publicUrl, setUp: setUpCode.value };
    createLogger('catalog').warn(facts, 'nobody has an account yet: make the first one there, with this code');
  }

  async #watchPresence(): Promise<void> {
    const { messaging, stations } = this.#parts;
    const { name, history } = buckets.stations;
    const presence = await messaging.kv(name, StationPresence, { history });
    for await (const { value, initial, at } of presence.watch('>', { signal: this.#stop.signal })) {
      if (value) stations.sawPresence(value, { live: !initial, storedAt: at });
    }
  }

  /** A bucket that was lost or restored is brought back to what the database knows. */
  async #healProcedures(): Promise<void> {
    const { stationStore, procedures, publisher, outbox } = this.#parts;
    for (const { id: stationId } of stationStore.all()) {
      const active = await procedures.active(stationId);
      const conversing = active?.conversationAt ? active.procedureId : null;
      if (conversing !== (await publisher.conversing(stationId))) {
        const data = { stationId, procedureId: conversing };
        await outbox.tx((_tx, enqueue) => enqueue([{ kind: 'kv', name: `conversation.${stationId}`, data }]));
      }
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
