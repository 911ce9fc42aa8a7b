/** `npm run catalog:rebuild`: drops what the catalog of the running system made of events, and replays EVENTS. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inputError, toError } from '@smartbox/kernel';
import { repoRoot } from '@smartbox/testing';
import { requireRunInfo } from './launcher/run-info.ts';
import type { Credentials } from './launcher/state-dir.ts';

async function environment(): Promise<NodeJS.ProcessEnv> {
  const run = await requireRunInfo();
  const { nats, postgres } = JSON.parse(await readFile(run.paths.credentials, 'utf8')) as Credentials;
  const database = new URL('postgresql://127.0.0.1');
  database.host = `${run.servers.postgres.host}:${run.servers.postgres.port}`;
  database.username = postgres.user;
  database.password = postgres.password;
  database.pathname = `/${run.database}`;
  return {
    ...process.env,
    DATABASE_URL: database.href,
    NATS_URL: run.servers.nats.url,
    NATS_USER: nats.user,
    NATS_PASSWORD: nats.password,
  };
}

try {
  const script = join(repoRoot(), 'apps', 'catalog', 'dist', 'rebuild.js');
  if (!existsSync(script)) throw inputError('not-built', 'the catalog is not built: run npm run build');
  const child = spawn(process.execPath, [script], { env: await environment(), stdio: 'inherit' });
  child.once('exit', (code) => (process.exitCode = code ?? 1));
} catch (error) {
  process.stderr.write(`${toError(error).message}\n`);
  process.exitCode = 1;
}
