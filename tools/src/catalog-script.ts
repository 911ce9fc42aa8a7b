import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { brokerUserOf } from '@smartbox/contracts';
import { inputError } from '@smartbox/kernel';
import { repoRoot } from '@smartbox/testing';
import { readCredentials, requireRunInfo } from './launcher/run-info.ts';

async function ofRunningSystem(): Promise<NodeJS.ProcessEnv> {
  const info = await requireRunInfo();
  const { servers, database } = info;
  const { natsUsers, postgres } = await readCredentials(info);
  const user = brokerUserOf('catalog');
  const { host, port } = servers.postgres;
  return {
    DATABASE_URL: `postgresql://${postgres.user}:${postgres.password}@${host}:${port}/${database}`,
    NATS_URL: servers.nats.url,
    NATS_USER: user,
    NATS_PASSWORD: natsUsers[user],
  };
}

/**
 * Runs a script of the catalog (`apps/catalog/dist/<name>.js`) on the database of the running system; or, given
 * DATABASE_URL (NATS_URL ...), on any other. Its exit code.
 * @throws SmartBoxError `not-built`, `not-running`
 */
export async function runCatalogScript(name: string, args: readonly string[] = []): Promise<number> {
  const script = join(repoRoot(), 'apps', 'catalog', 'dist', `${name}.js`);
  if (!existsSync(script)) throw inputError('not-built', `${script} is missing: run npm run build first`);
  const env = process.env['DATABASE_URL'] === undefined ? await ofRunningSystem() : {};
  const child = spawn(process.execPath, [script, ...args], { stdio: 'inherit', env: { ...process.env, ...env } });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}
