import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId } from '@smartbox/kernel';
import { until } from '@smartbox/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { settings, startCatalog, startServers, tell, type Catalog, type Servers } from './catalog.ts';
import { eventsOfClip } from './clip-story.ts';

const mount = (...args: string[]) => execFileSync('mount', args);
/** A file system of its own needs root. */
const root = process.getuid?.() === 0;
const MB = 1_000_000;

let dir: string;
let disk: string;
let servers: Servers;
let catalog: Catalog;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'full-database-'));
  execFileSync('chmod', ['755', dir]);
  disk = join(dir, 'disk');
  await mkdir(disk);
  if (!root) return;
  mount('-t', 'tmpfs', '-o', 'size=2g', 'smartbox-full-database', disk);
  servers = await startServers({ postgres: { dataDir: join(disk, 'postgres') } });
  catalog = await startCatalog(settings(servers));
});
afterAll(async () => {
  await catalog?.close();
  await servers?.stop();
  if (root) execFileSync('umount', ['-l', disk]);
  await rm(dir, { recursive: true, force: true });
});

/** Leaves this much room on the disk of the database. */
async function leave(bytes: number): Promise<void> {
  const { blocks, bfree, bsize } = await statfs(disk);
  mount('-o', `remount,size=${(blocks - bfree) * bsize + bytes}`, disk);
}

it.runIf(root)(
  'a full disk of the database is said; no event is skipped for it, and all are applied once there is room',
  async () => {
    const clips = Array.from({ length: 80 }, () => newId());
    await leave(MB / 5);
    for (const clipId of clips) {
      await tell(catalog.config, eventsOfClip({ clipId, sources: ['cam-a'], destinations: ['pacs'] }));
    }
    await until(() => catalog.projector.trouble !== undefined, { timeoutMs: 60_000, what: 'the trouble' });
    await until(async () => (await catalog.get('/readyz')).status === 503, { what: 'not ready' });
    const refused = await catalog.send('POST', '/procedures', { stationId: 'or-1', emergency: {} });
    expect(refused).toMatchObject({ status: 503, body: { code: 'database-unavailable' } });

    await leave(500 * MB);
    const archived = () => catalog.database.prisma.clip.count({ where: { state: 'archived' } });
    await until(async () => (await archived()) === clips.length, { timeoutMs: 60_000, what: 'every clip' });
    expect(await catalog.database.prisma.projectionSkip.count()).toBe(0);
  },
);
