import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  buckets,
  parseRingHeaders,
  ringStream,
  ringSubject,
  StationPresence,
  StationProcedure,
  type EventData,
  type EventName,
  type RingHeaders,
} from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { frameCounters } from '@smartbox/media/native';
import { Messaging } from '@smartbox/messaging';
import { startNats, until, type NatsServer } from '@smartbox/testing';
import { AppModule } from '../src/app.module.ts';
import { Station } from '../src/application/station.ts';
import { loadConfig } from '../src/config.ts';

export interface RingFragment {
  readonly stream: number;
  readonly headers: RingHeaders;
  readonly payload: Uint8Array;
}

/** A station on a real NATS, and the other side of the ring. */
export class TestStation {
  readonly nats: NatsServer;
  readonly dir: string;
  readonly messaging: Messaging;
  private readonly description: object;
  private app: INestApplicationContext | undefined;

  private constructor(nats: NatsServer, dir: string, messaging: Messaging, description: object) {
    this.nats = nats;
    this.dir = dir;
    this.messaging = messaging;
    this.description = description;
  }

  static async create(description: { sources: object[] }): Promise<TestStation> {
    const nats = await startNats();
    const dir = await mkdtemp(join(tmpdir(), 'capture-'));
    const messaging = await Messaging.connect({
      service: 'buffer',
      servers: nats.url,
      user: nats.credentials.user,
      pass: nats.credentials.password,
    });
    await messaging.ensureStream(ringStream('or-1', 900_000, 500_000_000));
    return new TestStation(nats, dir, messaging, { id: 'or-1', name: 'OR 1', ...description });
  }

  /** What the service is told by its environment. */
  get environment(): Record<string, string> {
    const { user, password } = this.nats.credentials;
    return {
      STATION_JSON: JSON.stringify(this.description),
      NATS_URL: this.nats.url,
      NATS_USER: user,
      NATS_PASSWORD: password,
      SPOOL_DIR: join(this.dir, 'spool'),
    };
  }

  async start(env: Record<string, string> = {}): Promise<void> {
    const config = loadConfig({ ...this.environment, ...env });
    this.app = await NestFactory.createApplicationContext(AppModule.forRoot(config), {
      logger: ['error'],
      abortOnError: false,
    });
  }

  async stop(): Promise<void> {
    await this.app?.close();
    this.app = undefined;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.messaging.close();
    await this.nats.stop();
    await rm(this.dir, { recursive: true, force: true });
  }

  get workers(): Record<string, number | undefined> {
    return this.app?.get(Station).workers ?? {};
  }

  async procedure(procedureId: string | null = newId()): Promise<string> {
    const kv = await this.messaging.kv(buckets.procedures.name, StationProcedure);
    await kv.put('station.or-1', { stationId: 'or-1', procedureId, since: new Date().toISOString() });
    return procedureId ?? '';
  }

  async presence(): Promise<StationPresence | undefined> {
    return (await (await this.messaging.kv(buckets.stations.name, StationPresence)).get('or-1'))?.value;
  }

  /** What the ring holds of a source (of one procedure). */
  async ring(source: string, procedure?: string): Promise<RingFragment[]> {
    const info = await this.messaging.ring.streamInfo('RING_or-1');
    const fragments: RingFragment[] = [];
    if (!info || info.messages === 0) return fragments;
    for await (const message of this.messaging.ring.readMessages('RING_or-1', {
      subject: ringSubject('or-1', source),
      fromSeq: info.firstSequence,
      toSeq: info.lastSequence,
    }))
      fragments.push({
        stream: message.sequence,
        headers: parseRingHeaders((name) => message.headers[name]),
        payload: Uint8Array.from(message.payload),
      });
    return procedure === undefined ? fragments : fragments.filter(({ headers }) => headers.procedure === procedure);
  }

  untilRing(
    source: string,
    condition: (fragments: RingFragment[]) => boolean,
    what: string,
    procedure?: string,
  ): Promise<RingFragment[]> {
    return until(
      async () => {
        const fragments = await this.ring(source, procedure);
        return condition(fragments) && fragments;
      },
      { what, timeoutMs: 60_000, intervalMs: 200 },
    );
  }

  /** Counters of all frames, decoded epoch by epoch. */
  async counters(fragments: readonly RingFragment[]): Promise<(number | null)[]> {
    const counters: (number | null)[] = [];
    for (const path of await this.files(fragments)) counters.push(...(await frameCounters(path)));
    return counters;
  }

  /** A file of each epoch. */
  async files(fragments: readonly RingFragment[]): Promise<string[]> {
    const epochs = [...new Set(fragments.map(({ headers }) => headers.epoch))];
    return Promise.all(
      epochs.map(async (epoch) => {
        const own = fragments.filter(({ headers }) => headers.epoch === epoch);
        const init = own.slice(0, 1).map(({ headers, payload }) => payload.subarray(0, headers.initBytes));
        const media = own.map(({ headers, payload }) => payload.subarray(headers.initBytes));
        const path = join(this.dir, `${epoch}.mp4`);
        await writeFile(path, Buffer.concat([...init, ...media]));
        return path;
      }),
    );
  }

  /** What a kind of event has told so far, oldest first. */
  async events<N extends EventName>(name: N): Promise<EventData<N>[]> {
    const found: EventData<N>[] = [];
    for await (const { event } of this.messaging.readEvents({ names: [name], follow: false }))
      if (event) found.push(event.data as EventData<N>);
    return found;
  }
}
