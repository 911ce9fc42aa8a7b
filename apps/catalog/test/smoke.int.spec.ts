import { newId } from '@smartbox/kernel';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventsOfClip } from './clip-story.ts';
import { settings, startCatalog, startServers, tell, type Catalog, type Servers } from './catalog.ts';

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

it('smoke', async () => {
  for (const path of [
    '/config',
    '/stations',
    '/recipes',
    '/worklist',
    '/clips',
    '/destinations',
    '/deliveries',
    '/openapi.json',
    '/nothing',
  ]) {
    const r = await catalog.get(`/api/v1${path}`);
    console.log(path, r.status, (await r.text()).slice(0, 300));
  }
  const started = await catalog.send('POST', '/procedures', { stationId: 'or-1', emergency: {} });
  console.log(JSON.stringify(started));
  const clipId = newId();
  console.log(JSON.stringify(await catalog.send('POST', '/clips', { clipId, stationId: 'or-1' })));
  const seq = await tell(
    catalog.config,
    eventsOfClip({
      clipId,
      sources: ['cam-a', 'cam-b'],
      destinations: ['pacs'],
      procedureId: (started.body as { procedureId: string }).procedureId,
    }),
  );
  await catalog.applied(seq);
  console.log((await catalog.database.prisma.projectionSkip.findMany()).map((r) => r.reason));
  expect(1).toBe(1);
});
