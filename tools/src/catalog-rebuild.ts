/**
 * `npm run catalog:rebuild`: what the catalog knows from events is thrown away and made again from EVENTS. On the
 * running system; or, given DATABASE_URL and NATS_URL (NATS_USER, NATS_PASSWORD), on any other.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inputError, toError } from '@smartbox/kernel';
import { repoRoot } from '@smartbox/testing';
import { requireRunInfo } from './launcher/run-info.ts';
import type { Credentials } from './launcher/state-dir.ts';

async function ofRunningSystem(): Promise<NodeJS.ProcessEnv> {
  const { servers, paths, database } = await requireRunInfo();
  const { nats, postgres } = JSON.parse(await readFile(paths.credentials, 'utf8')) as Credentials;
  const { host, port } = servers.postgres;
  return {
    DATABASE_URL: `postgresql://${postgres.user}:${postgres.password}@${host}:${port}/${database}`,
    NATS_URL: servers.nats.url,
    NATS_USER: nats.user,
    NATS_PASSWORD: nats.password,
  };
}

try {
  const script = join(repoRoot(), 'apps', 'catalog', 'dist', 'rebuild.js');
  if (!existsSync(script)) throw inputError('not-built', `${script} is missing: run npm run build first`);
  const env = process.env['DATABASE_URL'] === undefined ? await ofRunningSystem() : {};
  const child = spawn(process.execPath, [script], { stdio: 'inherit', env: { ...process.env, ...env } });
  child.once('exit', (code) => process.exit(code ?? 1));
} catch (error) {
  console.error(toError(error).message);
  process.exit(1);
}
