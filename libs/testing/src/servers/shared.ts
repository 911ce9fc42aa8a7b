import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { isAlive, withFileLock } from '../lock.ts';
import { randomSecret } from './launch.ts';
import { createDatabase, databaseUrl } from './postgres-info.ts';
import { startPostgres } from './postgres.ts';
import { createBucket, s3Client, type S3Credentials } from './s3-info.ts';
import { startS3 } from './s3.ts';
import type { ServerInfo } from './server.ts';

/**
 * One server for all test files of one run: whoever needs it first starts it, and it ends with the run. Vitest
 * runs each file in a child process, so the run is our parent; outside Vitest it is this process.
 */
function runPid(): number {
  // testcontainers removes the containers of a process soon after its end: each file has its own
  if (process.env['INFRA'] === 'docker') return process.pid;
  return process.env['VITEST'] !== undefined && isMainThread ? process.ppid : process.pid;
}

/** Runs that are over leave a folder with two small files: the next run clears them away. */
async function sweep(): Promise<void> {
  for (const entry of await readdir(tmpdir())) {
    const [, pid, uid] = /^smartbox-run-(\d+)-(\d+)$/.exec(entry) ?? [];
    if (pid === undefined || Number(uid) !== (process.getuid?.() ?? 0) || isAlive(Number(pid))) continue;
    await rm(join(tmpdir(), entry), { recursive: true, force: true });
  }
}

async function shared<T extends ServerInfo>(name: string, start: (ownerPid: number) => Promise<T>): Promise<T> {
  const owner = runPid();
  const dir = join(tmpdir(), `smartbox-run-${owner}-${process.getuid?.() ?? 0}`);
  const card = join(dir, `${name}.json`);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  return withFileLock(`${card}.lock`, async () => {
    if (existsSync(card)) {
      const known = JSON.parse(await readFile(card, 'utf8')) as T;
      if (known.pid === null || isAlive(known.pid)) return known;
    }
    await sweep();
    const server = await start(owner);
    await writeFile(`${card}.new`, JSON.stringify(server), { mode: 0o600 });
    await rename(`${card}.new`, card);
    return server;
  });
}

export interface TestBucket {
  /** The endpoint, `http://127.0.0.1:<port>`. */
  url: string;
  host: string;
  port: number;
  credentials: S3Credentials;
  /** A new empty bucket. */
  bucket: string;
}

/** A new bucket on the S3 server that this test run shares; nothing to stop. */
export async function testBucket(): Promise<TestBucket> {
  const { url, host, port, credentials } = await shared('s3', (ownerPid) => startS3({ ownerPid }));
  const bucket = `test-${randomSecret(16)}`;
  await createBucket(s3Client(url, credentials), bucket);
  return { url, host, port, credentials, bucket };
}

/** The URL of a new empty database on the PostgreSQL server that this test run shares; nothing to stop. */
export async function testDatabase(): Promise<string> {
  const server = await shared('postgres', (ownerPid) => startPostgres({ ownerPid }));
  const urlFor = (name: string): string => databaseUrl(server, server.credentials, name);
  return createDatabase(urlFor, server.database, `test_${randomSecret(16)}`);
}
