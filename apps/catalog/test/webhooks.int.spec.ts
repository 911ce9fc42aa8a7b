import { createHmac } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ConfigFileView, StationSettings } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { until } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { settings, startCatalog, startServers, tell, type Catalog, type Servers } from './catalog.ts';
import { eventsOfClip } from './clip-story.ts';

const secret = `whsec_${Buffer.from('a key of the test, 32 bytes long').toString('base64')}`;

interface Got {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}
let servers: Servers;
let catalog: Catalog;
let receiver: Server;
let origin: string;
const got: Got[] = [];
/** What the receiver answers by path, the last one for ever. */
const answers: Record<string, (number | [number, Record<string, string>])[]> = {
  '/ok': [200],
  '/flaky': [500, 204],
  '/moved': [[302, { Location: '/ok' }]],
  '/gone': [410],
};

beforeAll(async () => {
  receiver = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.once('end', () => {
      const path = request.url ?? '';
      got.push({ path, headers: request.headers, body });
      const plan = answers[path] ?? [404];
      const next = (plan.length > 1 ? plan.shift() : plan[0]) ?? 404;
      const [status, headers] = typeof next === 'number' ? [next, {}] : next;
      response.writeHead(status, headers).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const { port } = receiver.address() as AddressInfo;
  origin = `http://127.0.0.1:${port}`;
  servers = await startServers();
  await writeFile(join(servers.folder, 'config/secret'), `${secret}\n`);
  const hook = (name: string, more = {}) => {
    return { name, url: `${origin}/${name}`, secret, reach: 'machine', types: ['clip.saved'], ...more };
  };
  const webhooks = [
    hook('ok', { secret: { file: 'secret' }, types: ['clip.saved', 'instance.stored'] }),
    hook('flaky'),
    hook('moved'),
    hook('gone'),
    hook('inside', { reach: 'site', url: `http://localhost:${port}/ok` }),
    hook('metadata', { url: 'http://169.254.169.254/latest' }),
  ];
  await writeFile(join(servers.folder, 'config/webhooks.yaml'), stringify({ webhooks }));
  catalog = await startCatalog(settings(servers));
});
afterAll(async () => {
  await catalog?.close();
  await servers?.stop();
  receiver.close();
});

const at = (path: string) => got.filter((each) => each.path === path);
async function log(name: string) {
  const { body } = await catalog.send('GET', `/webhooks/${name}/deliveries`);
  return (body as { items: Record<string, unknown>[] }).items;
}

describe('webhooks', () => {
  it('tell what happened, signed, with identifiers only; again where it was not taken; nowhere they may not go', async () => {
    const clipId = newId();
    const story = eventsOfClip({ clipId, sources: ['cam-a'], destinations: ['pacs'] });
    await tell(catalog.config, story);

    await until(() => at('/ok').length === 2, { what: 'both messages', timeoutMs: 20_000 });
    const [saved] = at('/ok').filter(({ body }) => body.includes('clip.saved'));
    const {
      'webhook-id': id = '',
      'webhook-timestamp': stamp = '',
      'webhook-signature': signature,
    } = saved?.headers ?? {};
    const key = Buffer.from(secret.slice(6), 'base64');
    const signed = `${String(id)}.${String(stamp)}.${saved?.body}`;
    expect(signature).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
    expect(Math.abs(Date.now() / 1000 - Number(stamp))).toBeLessThan(60);
    const procedureId = '01HZZZZZZZZZZZZZZZZZZZZZP1';
    expect(JSON.parse(saved?.body ?? '')).toMatchObject({
      type: 'clip.saved',
      data: { clipId, procedureId, stationId: 'or-1' },
    });
    expect(await log('ok')).toMatchObject([
      { state: 'delivered', status: 200 },
      { state: 'delivered', attempts: 1 },
    ]);

    // Five seconds later, under the same id.
    await until(() => at('/flaky').length === 2, { what: 'a second attempt', timeoutMs: 20_000 });
    const [first, second] = at('/flaky').map(({ headers }) => headers['webhook-id']);
    expect(second).toBe(first);
    await until(async () => (await log('flaky'))[0]?.['state'] === 'delivered');
    expect(await log('flaky')).toMatchObject([{ messageId: first, attempts: 2, status: 204 }]);

    expect(await log('moved')).toMatchObject([
      { state: 'waiting', status: 302, reason: expect.stringContaining('not followed') as string },
    ]);
    expect(at('/ok')).toHaveLength(2);
    expect(await log('gone')).toMatchObject([{ state: 'failed', status: 410, attempts: 1 }]);
    expect(await log('inside')).toMatchObject([
      { state: 'failed', reason: expect.stringMatching(/127\.0\.0\.1|::1/) as string },
    ]);
    expect(await log('metadata')).toMatchObject([{ state: 'failed' }]);

    // What was sent stands in the log; a person sends it once more, under the same id, with a new signature.
    const [wanted] = await log('gone');
    expect(JSON.parse(String(wanted?.['body']))).toMatchObject({ type: 'clip.saved', data: { clipId } });
    answers['/gone'] = [200];
    const again = `/webhooks/gone/deliveries/${String(wanted?.['messageId'])}/resend`;
    expect((await catalog.send('POST', again)).status).toBe(204);
    expect(await log('gone')).toMatchObject([{ state: 'delivered', status: 200, attempts: 2 }]);
    const [before, after] = at('/gone');
    expect(after?.headers['webhook-id']).toBe(before?.headers['webhook-id']);
    expect(after?.body).toBe(before?.body);
    expect((await catalog.send('POST', again.replace('gone', 'ok'))).status).toBe(404);
    answers['/gone'] = [410];
    expect(await catalog.send('POST', '/webhooks/flaky/test')).toMatchObject({
      status: 200,
      body: { ok: true, status: 204 },
    });
    expect(JSON.parse(at('/flaky').at(-1)?.body ?? '')).toMatchObject({ type: 'test', data: {} });
    expect(await catalog.send('POST', '/webhooks/metadata/test')).toMatchObject({
      body: { ok: false, reason: expect.stringContaining('169.254.169.254') as string },
    });
    expect(await log('flaky')).toHaveLength(1);

    // The same event once more is no second message.
    await tell(
      catalog.config,
      [...story.slice(0, 1)].map((event) => ({ ...event, id: `${event.id}` })),
    );
    const { body } = await catalog.send('GET', '/webhooks');
    const items = (body as { items: Record<string, unknown>[] }).items;
    expect(items.find(({ name }) => name === 'gone')).toMatchObject({ origin, failed: 0, waiting: 0 });
    expect(JSON.stringify(body)).not.toContain('whsec_');
    expect((await catalog.send('GET', '/webhooks/nobody/deliveries')).status).toBe(404);
  });

  it('and everything else that is set show the files they stand in', async () => {
    const files = (await catalog.send('GET', '/config-files')).body as { items: ConfigFileView[] };
    expect(files.items).toMatchObject([
      { path: 'recipes/endoscopy.yaml', state: 'in-use' },
      { path: 'stations/or-1.yaml', state: 'in-use' },
      { path: 'webhooks.yaml', area: 'webhooks', state: 'in-use' },
    ]);
    const stations = (await catalog.send('GET', '/station-settings')).body as { items: StationSettings[] };
    expect(stations.items).toMatchObject([
      { stationId: 'or-1', aeTitle: 'OR1', sources: [{ sourceId: 'cam-a', kind: 'synthetic' }, { sourceId: 'cam-b' }] },
    ]);
  });
});
