import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { isAlive, isListening, testBucket, testDatabase, until } from '../src/index.ts';

interface Seen {
  pid: number;
  port: number;
  dataDir: string;
}

/** A parent process that starts all three servers, says where they are, and waits for its end. */
function parent(): { pid: number; kill: () => void; servers: Promise<Seen[]> } {
  const fixture = join(import.meta.dirname, 'fixtures', 'start-servers.ts');
  const child = spawn(process.execPath, ['--conditions=@smartbox/source', fixture], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  return {
    pid: child.pid ?? 0,
    kill: () => child.kill('SIGKILL'),
    servers: new Promise((resolve) => lines.once('line', (line) => resolve(JSON.parse(line) as Seen[]))),
  };
}

describe('servers', () => {
  it('do not outlive a parent that is killed with SIGKILL, nor do their temporary files', async () => {
    const launcher = parent();
    const servers = await launcher.servers;
    expect(servers).toHaveLength(3);
    for (const server of servers) expect(await isListening(server.port)).toBe(true);

    launcher.kill();

    for (const { pid, port, dataDir } of servers) {
      await until(() => !isAlive(pid), { timeoutMs: 15_000, what: `the end of process ${pid}` });
      await until(() => !existsSync(dataDir), { timeoutMs: 15_000, what: `the removal of ${dataDir}` });
      expect(await isListening(port)).toBe(false);
    }
  });

  it('are shared by the files of one test run, each with a database and a bucket of its own', async () => {
    const [first, second] = [await testDatabase(), await testDatabase()];
    expect(new URL(first).port).toBe(new URL(second).port);
    expect(first).not.toBe(second);
    const client = new pg.Client({ connectionString: first });
    await client.connect();
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await client.end();

    const [bucket, another] = [await testBucket(), await testBucket()];
    expect(bucket.url).toBe(another.url);
    expect(bucket.bucket).not.toBe(another.bucket);
  });
});
