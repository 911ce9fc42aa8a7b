import { newId } from '@smartbox/kernel';
import { until } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settings, startCatalog, startServers, tell, type Catalog, type Servers } from './catalog.ts';
import { eventsOfClip } from './clip-story.ts';

let servers: Servers;
let catalog: Catalog;
beforeAll(async () => {
  servers = await startServers();
  catalog = await startCatalog(settings(servers));
});
afterAll(async () => {
  await catalog?.close();
  await servers?.stop();
});

const oneSource = { sources: ['cam-a'], destinations: ['pacs'] };
const state = async (clipId: string) =>
  ((await catalog.send('GET', `/clips/${clipId}`)).body as { state?: string }).state;
const ready = async () => (await catalog.get('/readyz')).status;

describe('an outage', () => {
  it('of PostgreSQL is said, loses no event and ends by itself', async () => {
    await servers.postgres.kill('SIGKILL');
    const clipId = newId();
    await tell(catalog.config, eventsOfClip({ clipId, ...oneSource }));
    await until(async () => (await ready()) === 503, { what: 'not ready' });
    const refused = await catalog.send('GET', '/clips');
    expect(refused).toMatchObject({ status: 503, body: { code: 'database-unavailable' } });
    expect(JSON.stringify(refused.body)).not.toMatch(/prisma|127\.0\.0\.1|SELECT/i);
    await servers.postgres.start();
    await until(async () => (await state(clipId)) === 'archived', { what: 'the clip' });
    await until(async () => (await ready()) === 200, { what: 'ready' });
  });

  it('of NATS keeps what people ask for until it is back', async () => {
    await catalog.send('POST', '/procedures', { stationId: 'or-1', emergency: {} });
    await servers.nats.kill('SIGKILL');
    const clipId = newId();
    const asked = await catalog.send('POST', '/clips', { clipId, stationId: 'or-1' });
    expect(asked.status).toBe(202);
    expect(await catalog.database.prisma.outbox.count({ where: { publishedAt: null } })).toBeGreaterThan(0);
    await servers.nats.start();
    const left = () => catalog.database.prisma.outbox.count({ where: { publishedAt: null } });
    await until(async () => (await left()) === 0, { what: 'the outbox to be empty', timeoutMs: 60_000 });
    await tell(catalog.config, eventsOfClip({ clipId, ...oneSource }));
    await until(async () => (await state(clipId)) === 'archived', { what: 'the clip', timeoutMs: 60_000 });
  });
});
