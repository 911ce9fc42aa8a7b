import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive, isListening, until } from '@smartbox/testing';
import { readRunInfo, type RunInfo } from '../src/launcher/run-info.ts';
import { startSmartBox, type SmartBox } from '../src/launcher/smartbox.ts';

/** The launcher without its services: those need a build, and are started in the end-to-end tests. */
const start = (stateDir: string): Promise<SmartBox> => startSmartBox({ stateDir, services: [], pacs: 'test-pacs' });

const pids = ({ servers }: RunInfo): number[] =>
  Object.values(servers).flatMap(({ pid }) => (pid === null ? [] : [pid]));

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

describe('the launcher', () => {
  let stateDir: string;
  beforeEach(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'smartbox-state-'));
  });
  afterEach(() => rm(stateDir, { recursive: true, force: true }));

  it('describes itself in run.json without any secret, and takes that away when it stops', async () => {
    const box = await start(stateDir);
    const text = await readFile(join(stateDir, 'run.json'), 'utf8');
    const info = await readRunInfo(stateDir);
    expect(info).toEqual(box.info());
    for (const { port } of Object.values(box.info().servers)) expect(await isListening(port)).toBe(true);
    const secrets = [box.credentials.nats.password, box.credentials.s3.secretKey, box.credentials.postgres.password];
    for (const secret of [...secrets, box.credentials.liveTokenSecret, box.credentials.toolsToken])
      expect(text).not.toContain(secret);
    expect((await stat(box.info().paths.credentials)).mode & 0o777).toBe(0o600);

    await expect(start(stateDir)).rejects.toMatchObject({ code: 'already-running' });

    await box.stop();
    expect(existsSync(join(stateDir, 'run.json'))).toBe(false);
    for (const pid of pids(box.info())) expect(isAlive(pid)).toBe(false);
  });

  it('starts again on the same ports with the same data; a port that is taken is stepped aside from', async () => {
    const first = await start(stateDir);
    await query(first.servers.postgres.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();

    const thief = createServer().listen(first.servers.nats.port, '127.0.0.1');
    const second = await start(stateDir);
    expect(second.servers.postgres.port).toBe(first.servers.postgres.port);
    expect(second.servers.nats.port).not.toBe(first.servers.nats.port);
    expect(await query(second.servers.postgres.url, 'SELECT * FROM kept')).toEqual([{ answer: 42 }]);
    await second.stop();
    thief.close();
  });

  it('leaves nothing behind when it is killed with SIGKILL, and the next start continues', async () => {
    const fixture = join(import.meta.dirname, 'fixtures', 'start-servers.ts');
    const child = spawn(process.execPath, ['--conditions=@smartbox/source', fixture, stateDir], { stdio: 'inherit' });
    const info = await until(() => readRunInfo(stateDir), { timeoutMs: 60_000, what: 'run.json' });
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;

    const next = await start(stateDir); // waits for what is still ending
    for (const pid of pids(info)) expect(isAlive(pid)).toBe(false);
    expect(next.servers.postgres.port).toBe(info.servers.postgres.port);
    await next.stop();
  });
});
