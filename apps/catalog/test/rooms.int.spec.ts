import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buckets, StationPresence } from '@smartbox/contracts';
import { Messaging } from '@smartbox/messaging';
import { repoRoot, until } from '@smartbox/testing';
import { chromium } from 'playwright-core';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { ok, settings, startCatalog, startServers } from './catalog.ts';

const ROOMS = 16;
/** From the address to sixteen rooms with their patients. Measured on an idle machine: 0.3 s. */
const OPENED_MS = 1000;

it('a department of sixteen rooms opens within a second, each with its patient, and stays current', async () => {
  const servers = await startServers();
  const ids = Array.from({ length: ROOMS }, (_, n) => `room-${String(n + 1).padStart(2, '0')}`);
  for (const id of ids) {
    const sources = ['endoscope', 'room'].map((source) => ({ id: source, name: source, kind: 'synthetic' }));
    await writeFile(join(servers.folder, `config/stations/${id}.yaml`), stringify({ id, name: `OP ${id}`, sources }));
  }
  const dist = join(servers.folder, 'dist');
  await mkdir(dist);
  const root = join(repoRoot(), 'apps/dashboard');
  const vite = join(repoRoot(), 'node_modules/vite/bin/vite.js');
  const env = { ...process.env, NODE_ENV: 'production' };
  await promisify(execFile)(process.execPath, [vite, 'build', '--outDir', dist, '--logLevel', 'error'], {
    cwd: root,
    env,
  });
  const catalog = await startCatalog(settings(servers, { DASHBOARD_DIR: dist }));
  const edge = await Messaging.connect({ service: 'capture-edge', ...catalog.config.nats });
  const presence = await edge.kv(buckets.stations.name, StationPresence, { history: 1 });
  const tellAll = () =>
    Promise.all(
      ids.map((stationId) => {
        const at = new Date().toISOString();
        const sources = ['endoscope', 'room'].map((sourceId) => {
          return { sourceId, name: sourceId, kind: 'synthetic', state: 'live' as const, since: at, droppedFrames: 0 };
        });
        const alive = {
          stationId,
          name: `OP ${stationId}`,
          at,
          software: 'test',
          windowMs: 900_000,
          procedureId: null,
        };
        return presence.put(stationId, { ...alive, brokerOk: true, spooledFragments: 0, sources });
      }),
    );
  await tellAll();
  const beating = setInterval(() => void tellAll(), 1000);
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
  try {
    for (const stationId of ids) ok(await catalog.send('POST', '/procedures', { stationId, emergency: {} }), 201);
    const page = await browser.newPage({ viewport: { width: 1920, height: 1080 }, locale: 'de-DE' });
    const opens = async () => {
      await page.goto(`${catalog.url}/`, { waitUntil: 'commit' });
      const shown = () => page.locator('[data-testid^=room-room-] strong').count();
      await until(async () => (await shown()) >= ROOMS, { intervalMs: 10, what: `${ROOMS} rooms with patients` });
      return page.evaluate<number>('performance.now()');
    };
    await opens();
    // The best of some: on a shared machine the others measure the neighbours.
    let best = Infinity;
    for (let i = 0; i < 8 && best >= OPENED_MS; i += 1) best = Math.min(best, await opens());
    console.info(`sixteen rooms after ${Math.round(best)} ms`);
    expect(best).toBeLessThan(OPENED_MS);
    // Only rooms on the screen join, and what changes arrives by itself.
    expect(await page.locator('[data-joined=true]').count()).toBeLessThan(ROOMS);
    const stationId = 'room-03';
    const procedureId = await catalog
      .send('GET', `/stations/${stationId}`)
      .then(({ body }) => (body as { procedure: { procedureId: string } }).procedure.procedureId);
    ok(await catalog.send('POST', `/procedures/${procedureId}/end`));
    await until(async () => (await page.getByTestId(`room-${stationId}`).innerText()).includes('Frei'));
  } finally {
    clearInterval(beating);
    await browser.close();
    await edge.close();
    await catalog.close();
    await servers.stop();
  }
});
