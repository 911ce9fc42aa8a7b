import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { NestFactory } from '@nestjs/core';
import { Messaging } from '@smartbox/messaging';
import { ProcedureView, type Service } from '@smartbox/contracts';
import { ObjectStore, parseS3Url } from '@smartbox/storage';
import {
  startNats,
  startPostgres,
  startS3,
  until,
  type NatsServer,
  type PostgresOptions,
  type PostgresServer,
  type S3Server,
} from '@smartbox/testing';
import { stringify } from 'yaml';
import { z } from 'zod';
import { AppModule, configure } from '../src/app.module.ts';
import { readConfig, type Config } from '../src/config.ts';
import { operations, type Operation } from '../src/inbound/http/operations.ts';
import { Projector } from '../src/application/projector.ts';
import { Database } from '../src/outbound/database.ts';
import { readRecipes, readStations } from '../src/outbound/config-files.ts';
import { applyMigrations } from '../src/outbound/schema-engine.ts';
import { recipe, type Happened } from './clip-story.ts';

const station = {
  id: 'or-1',
  name: 'OR 1',
  aeTitle: 'OR1',
  sources: [
    { id: 'cam-a', name: 'Endoscope', kind: 'synthetic' },
    { id: 'cam-b', name: 'Room', kind: 'synthetic' },
  ],
};

/** Real servers, and everything that is the same for all catalogs started on them. */
export interface Servers {
  nats: NatsServer;
  postgres: PostgresServer;
  s3: S3Server;
  folder: string;
  stop(): Promise<void>;
}

export async function startServers(options: { postgres?: PostgresOptions } = {}): Promise<Servers> {
  const [nats, postgres, s3] = await Promise.all([startNats(), startPostgres(options.postgres), startS3()]);
  const folder = await mkdtemp(join(tmpdir(), 'smartbox-catalog-'));
  await mkdir(join(folder, 'config/recipes'), { recursive: true });
  await mkdir(join(folder, 'config/stations'), { recursive: true });
  await mkdir(join(folder, 'dashboard/assets'), { recursive: true });
  await writeFile(join(folder, 'config/recipes/endoscopy.yaml'), stringify(recipe));
  await writeFile(join(folder, 'config/stations/or-1.yaml'), stringify(station));
  await writeFile(join(folder, 'dashboard/index.html'), '<!doctype html><title>SmartBox</title>');
  await writeFile(join(folder, 'dashboard/assets/app-1.js'), 'export {};');
  return {
    nats,
    postgres,
    s3,
    folder,
    stop: async () => {
      await Promise.all([nats.stop(), postgres.stop(), s3.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** One more room, like the first. Before the catalog is started. */
export async function addStation({ folder }: Servers, id: string): Promise<void> {
  await writeFile(join(folder, `config/stations/${id}.yaml`), stringify({ ...station, id, name: id, aeTitle: id }));
}

export function settings(servers: Servers, env: Record<string, string> = {}): Config {
  const { nats, postgres, s3, folder } = servers;
  const s3Url = new URL(s3.url);
  s3Url.username = s3.credentials.accessKey;
  s3Url.password = s3.credentials.secretKey;
  s3Url.pathname = `/${s3.bucket}`;
  return readConfig({
    DATABASE_URL: postgres.url,
    NATS_URL: nats.url,
    NATS_USER: nats.credentials.user,
    NATS_PASSWORD: nats.credentials.password,
    S3_URL: s3Url.href,
    CONFIG_DIR: join(folder, 'config'),
    DASHBOARD_DIR: join(folder, 'dashboard'),
    LIVE_TOKEN_SECRET: 'a secret of the test installation',
    STREAMING_URL: 'http://127.0.0.1:8084',
    SITE_TIME_ZONE: 'Europe/Berlin',
    ...env,
  });
}

export interface Catalog {
  url: string;
  app: NestFastifyApplication;
  config: Config;
  database: Database;
  projector: Projector;
  get(path: string, init?: RequestInit): Promise<Response>;
  send(method: string, path: string, body?: unknown): Promise<{ status: number; body: never }>;
  /** Resolves when every event up to the sequence is applied. */
  applied(sequence: number): Promise<unknown>;
  close(): Promise<void>;
}

/** The whole service in this process, on a port of its own. */
export async function startCatalog(config: Config): Promise<Catalog> {
  await applyMigrations(config.databaseUrl);
  const given = {
    config,
    recipes: await readRecipes(config.configDir),
    stations: await readStations(config.configDir),
  };
  const adapter = new FastifyAdapter({ bodyLimit: 1024 * 1024, forceCloseConnections: 'idle' });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.forRoot(given), adapter, {
    logger: ['error', 'fatal'],
    abortOnError: false,
  });
  await configure(app, config);
  await app.listen(config.port, '127.0.0.1');
  const url = await app.getUrl();
  const projector = app.get(Projector);
  return {
    url,
    app,
    config,
    projector,
    database: app.get(Database),
    get: (path, init) => fetch(`${url}${path}`, init),
    send: async (method, path, body) => {
      const response = await fetch(`${url}/api/v1${path}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
      });
      const text = await response.text();
      const answer = text === '' ? undefined : (JSON.parse(text) as unknown);
      if (response.ok) checkAnswer(method, path, answer);
      return { status: response.status, body: answer as never };
    },
    applied: (sequence) => until(() => projector.sequence >= sequence, { what: `event ${sequence} applied` }),
    close: () => app.close(),
  };
}

/** Every answer keeps what docs/api/openapi.json promises of it. @throws Error naming the operation */
export function checkAnswer(method: string, path: string, answer: unknown): void {
  const [pathname = ''] = path.split('?');
  const found = Object.entries<Operation>(operations).find(
    ([, operation]) =>
      operation.method === method.toLowerCase() &&
      new RegExp(`^${operation.path.replace(/:\w+/g, '[^/]+')}$`).test(pathname),
  );
  if (!found) throw new Error(`${method} ${path} is no operation of the REST interface`);
  const [name, { response }] = found;
  if (response === undefined || typeof response === 'string') return;
  const { success, error } = response.safeParse(answer);
  if (!success) throw new Error(`the answer to ${name} is not what its schema says: ${z.prettifyError(error)}`);
}

/** The other services' voice: publishes facts in the order given. The sequence of the last. */
export async function tell(config: Config, told: readonly Happened[]): Promise<number> {
  const voices = new Map<Service, Messaging>();
  try {
    let sequence = 0;
    for (const { name, data, id } of told) {
      const service = name.split('.')[0] as Service;
      const voice = voices.get(service) ?? (await Messaging.connect({ service, ...config.nats }));
      voices.set(service, voice);
      sequence = (await voice.publishEvent(name, data as never, { id })).sequence;
    }
    return sequence;
  } finally {
    for (const voice of voices.values()) await voice.close();
  }
}

export function objectStore(config: Config): ObjectStore {
  return new ObjectStore(parseS3Url(config.s3.url, config.s3.credentials));
}

/** The body of an answer that has to have that status. */
export function ok<T>(answer: { status: number; body: T }, status = 200): T {
  if (answer.status !== status)
    throw new Error(`status ${answer.status}, not ${status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** An emergency patient at `or-1`; ends what ran there. */
export async function startEmergency(catalog: Catalog, stationId = 'or-1'): Promise<ProcedureView> {
  return ProcedureView.parse(ok(await catalog.send('POST', '/procedures', { stationId, emergency: {} }), 201));
}

/** Resolves when the outbox is empty: everything that people asked for was published. */
export const drained = (catalog: Catalog): Promise<unknown> =>
  until(async () => (await catalog.database.prisma.outbox.count({ where: { publishedAt: null } })) === 0);
