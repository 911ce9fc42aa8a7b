import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brokerUserEntry, brokerUsers, type BrokerUser } from '@smartbox/contracts';
import { inputError } from '@smartbox/kernel';
import { freePort } from '../ports.ts';
import { startNatsContainer } from './docker.ts';
import { embeddedBinary, embeddedVersion } from './embedded.ts';
import { natsServerVersion, type NatsCredentials, type NatsServer } from './nats-info.ts';
import { foreignControl, prepareDataDir, randomSecret, removeDir, startLocal } from './launch.ts';
import { compareVersions, versionOnPath } from './path-binary.ts';
import type { LaunchOptions } from './server.ts';

/** What the promises need (promises.md): older servers lose data or have known security problems. */
export const OLDEST_NATS = '2.12.7';

export interface NatsOptions extends LaunchOptions {
  /** Of the one user who may do everything. */
  credentials?: NatsCredentials;
  /** Besides: the users of the services and of these rooms, each with its narrow rights and its password. */
  line?: { stations: readonly string[]; passwords: Readonly<Record<string, string>> };
  /** Of its own in a cluster. */
  serverName?: string;
  /** Lines added to the server's configuration, for fault tests. */
  extraConfig?: string;
}

/** JetStream settings that carry the promise (promises.md): fsync before every acknowledgement. */
function configuration(listen: string, storeDir: string, credentials: NatsCredentials, options: NatsOptions): string {
  return `server_name: ${options.serverName ?? 'smartbox'}
listen: "${listen}"
max_payload: 8MB
max_pending: 256MB
write_deadline: "30s"
jetstream {
  store_dir: ${JSON.stringify(storeDir)}
  sync_interval: always
  max_memory_store: 64MB
}
authorization { users: [
  { user: ${JSON.stringify(credentials.user)}, password: ${JSON.stringify(credentials.password)} }
${usersOf(options.line)}] }
${options.extraConfig ?? ''}
`;
}

function usersOf(line: NatsOptions['line']): string {
  if (!line) return '';
  const entry = (one: BrokerUser) => brokerUserEntry(one, JSON.stringify(line.passwords[one.user]));
  return brokerUsers(line.stations).map(entry).join('');
}

async function fromUrl(url: string, options: NatsOptions): Promise<NatsServer> {
  const parsed = URL.parse(url);
  if (!parsed) throw inputError('nats-url', `SMARTBOX_NATS_URL is not a URL: ${JSON.stringify(url)}`);
  const port = parsed.port === '' ? 4222 : Number(parsed.port);
  const version = await natsServerVersion(parsed.hostname, port);
  if (version === undefined) throw inputError('nats-unreachable', `no NATS server answers at ${parsed.host}`);
  if (compareVersions(version, OLDEST_NATS) < 0) {
    throw inputError(
      'nats-too-old',
      `the NATS server at ${parsed.host} is ${version}; ${OLDEST_NATS} or newer is needed`,
    );
  }
  return {
    name: 'nats',
    url: `${parsed.protocol}//${parsed.hostname}:${port}`,
    host: parsed.hostname,
    port,
    pid: null,
    version,
    origin: 'url',
    credentials: options.credentials ?? {
      user: process.env['SMARTBOX_NATS_USER'] ?? decodeURIComponent(parsed.username),
      password: process.env['SMARTBOX_NATS_PASSWORD'] ?? decodeURIComponent(parsed.password),
    },
    dataDir: null,
    ...foreignControl('NATS'),
  };
}

/**
 * A real nats-server with JetStream (fsync on every message), on loopback, with a user and a password.
 * `SMARTBOX_NATS_URL` wins, then a new enough nats-server on PATH, then the embedded one; `INFRA=docker`: a container.
 * @throws SmartBoxError `embedded-server-unavailable`, `server-start-failed`, `nats-unreachable`.
 */
export async function startNats(options: NatsOptions = {}): Promise<NatsServer> {
  const progress = options.progress ?? (() => undefined);
  const url = process.env['SMARTBOX_NATS_URL'];
  if (url) return fromUrl(url, options);
  const credentials = options.credentials ?? { user: 'smartbox', password: randomSecret() };
  if (process.env['INFRA'] === 'docker')
    return startNatsContainer(credentials, configuration('0.0.0.0:4222', '/data', credentials, options), options);

  const onPath = await versionOnPath('nats-server', ['--version'], OLDEST_NATS, progress);
  const binary = onPath === undefined ? await embeddedBinary('nats-server', progress) : 'nats-server';
  const port = await freePort(options.port);
  const data = await prepareDataDir(options.dataDir, 'nats');
  const config = join(data.dir, 'nats.conf');
  const logFile = options.logFile ?? join(data.dir, 'nats.log');
  const text = configuration(`127.0.0.1:${port}`, join(data.dir, 'store'), credentials, options);
  await writeFile(config, text, { mode: 0o600 });
  const local = await startLocal({
    name: 'nats-server',
    command: () => ({
      command: binary,
      args: ['-c', config],
      logFile,
      ...(options.ownerPid === undefined ? {} : { ownerPid: options.ownerPid }),
      ...(data.temporary ? { temporaryDir: data.dir } : {}),
    }),
    ready: async () => (await natsServerVersion('127.0.0.1', port)) !== undefined,
    graceMs: 10_000,
    ...(data.temporary ? { cleanUp: () => removeDir(data.dir) } : {}),
  });
  return {
    name: 'nats',
    url: `nats://127.0.0.1:${port}`,
    host: '127.0.0.1',
    port,
    get pid() {
      return local.pid();
    },
    version: onPath ?? embeddedVersion('nats-server'),
    origin: onPath === undefined ? 'embedded' : 'path',
    credentials,
    dataDir: data.dir,
    start: local.start,
    stop: local.stop,
    kill: local.kill,
    restart: local.restart,
  };
}
