import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accessibilityFaults, launchBrowser, openPage } from './browser.ts';
import type { Screen } from './browser.ts';
import { clip, clips, freeStation, station } from './fixture-data.ts';
import { FixtureServer } from './fixture-server.ts';

let dist: string;
let browser: Browser;
let server: FixtureServer;
let screen: Screen | undefined;

beforeAll(async () => {
  dist = mkdtempSync(join(tmpdir(), 'smartbox-dashboard-'));
  const root = join(import.meta.dirname, '..');
  await build({ root, logLevel: 'error', build: { outDir: dist, emptyOutDir: true, sourcemap: false } });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  rmSync(dist, { recursive: true, force: true });
});
beforeEach(async () => {
  server = new FixtureServer(dist);
  server.clips = clips.filter((c) => c.state !== 'failed');
  await server.start();
});
afterEach(async () => {
  const complaints = screen?.complaints ?? [];
  await screen?.page.context().close();
  screen = undefined;
  await server.stop();
  expect(complaints).toEqual([]);
});

async function open(path: string, options = {}) {
  screen = await openPage(browser, server.url + path, options);
  return screen.page;
}
/** A busy machine takes its time; what is proven is that it happens. */
const eventually = <T>(look: () => T | Promise<T>) => expect.poll(look, { timeout: 15_000 });
const posts = (path: string) => server.requests.filter((r) => r.method === 'POST' && r.path === path);

describe('operator console', () => {
  it('starts a patient from the worklist with one tap', async () => {
    server.station = freeStation();
    const page = await open('/console/or-1');
    await page.getByRole('button', { name: /Großkopf, Prof. Dr. Jürgen/ }).click();
    await page.getByTestId('patient-banner').waitFor();
    expect(posts('/procedures')).toMatchObject([{ body: { stationId: 'or-1', worklistItemId: expect.any(String) } }]);
    expect(await page.getByTestId('patient-banner').innerText()).toContain('Müller-Lüdenscheidt, Dr. Anna Katharina');
  });

  it('says saved only when the server does, with length and undo', async () => {
    const page = await open('/console/or-1');
    await page.getByRole('button', { name: /Letzte 2 Min speichern/ }).click();
    const card = page.getByTestId('save-card');
    await card.waitFor();
    expect(await card.getAttribute('data-phase')).toBe('saving');
    await eventually(() => posts('/clips').length).toBe(1);
    const { clipId } = posts('/clips')[0]!.body as { clipId: string };
    expect(posts('/clips')[0]?.body).toEqual({ clipId, stationId: 'or-1', lastSeconds: 120 });
    expect(await card.getAttribute('data-phase')).toBe('saving');
    const saved = {
      clipId,
      state: 'saved',
      savedMs: 72_000,
      truncated: true,
      requestedAt: new Date().toISOString(),
    } as const;
    server.send({ kind: 'clip', clip: clip(0, saved) });
    await page.locator('[data-testid=save-card][data-phase=saved]').waitFor();
    expect(await card.innerText()).toContain('1:12 statt 2 Min');
    await page.getByTestId('undo').click();
    await eventually(() => server.requests.some((r) => r.method === 'DELETE' && r.path === `/clips/${clipId}`)).toBe(
      true,
    );
    await page.getByTestId(`clip-${clipId}`).waitFor({ state: 'detached' });
  });

  it('shouts when nothing was saved, until somebody has seen it; asks again under the same id', async () => {
    const problem = {
      type: 'about:blank',
      title: 'Away',
      status: 503,
      code: 'buffer-away',
      detail: 'Der Puffer antwortet nicht',
    };
    server.overrides.set('POST /clips', { status: 503, body: problem });
    const page = await open('/console/or-1');
    await page.getByTestId('save-last').waitFor();
    await page.keyboard.press('1');
    const failure = page.getByTestId('failure');
    await failure.waitFor({ timeout: 30_000 });
    expect(await failure.innerText()).toContain('NICHT gespeichert: 30 s');
    expect(await failure.innerText()).toContain('Der Puffer antwortet nicht');
    const ids = new Set(posts('/clips').map((r) => (r.body as { clipId: string }).clipId));
    expect(posts('/clips').length).toBeGreaterThan(1);
    expect(ids.size).toBe(1);
    await page.getByTestId('acknowledge').click();
    await failure.waitFor({ state: 'detached' });
  });

  it('shows within two seconds that the server is silent', async () => {
    const page = await open('/console/or-1');
    await page.locator('[data-testid=live-endoscope][data-state=live]').waitFor();
    await eventually(() => page.getByTestId('feed-lost').count()).toBe(0);
    server.send({ kind: 'heartbeat', at: new Date().toISOString() });
    server.heartbeats = false;
    // The exact two seconds are proven beside the code, with a clock that nobody else uses.
    const since = performance.now();
    await page.getByTestId('feed-lost').waitFor({ timeout: 5_000 });
    expect(performance.now() - since).toBeLessThan(4_000);
    expect(await page.getByTestId('available').innerText()).toBe('Verfügbarer Zeitraum unbekannt');
    server.heartbeats = true;
    await page.getByTestId('feed-lost').waitFor({ state: 'detached' });
  });

  it('never calls a picture live that does not move', async () => {
    const page = await open('/console/or-1');
    await page.locator('[data-testid=live-endoscope][data-state=live]').waitFor();
    await page.evaluate('window.freezeLive = true');
    const since = performance.now();
    await page.locator('[data-testid=live-endoscope][data-state=stale]').waitFor();
    expect(performance.now() - since).toBeLessThan(4_000);
    // It stays so through the reconnects: seen often enough over the next seconds.
    for (let i = 0; i < 20; i += 1) {
      expect(await page.getByTestId('live-endoscope').getAttribute('data-state')).not.toBe('live');
      await page.evaluate('new Promise((resolve) => setTimeout(resolve, 100))');
    }
    await page.evaluate('window.freezeLive = false');
    await page.locator('[data-testid=live-endoscope][data-state=live]').waitFor();
  });

  it('frames the whole screen while it records; the pedal keys do what the buttons do', async () => {
    const page = await open('/console/or-1');
    await page.getByTestId('record').waitFor();
    await page.keyboard.press('r');
    await eventually(() => posts('/stations/or-1/recording').length).toBe(1);
    const { clipId } = posts('/stations/or-1/recording')[0]!.body as { clipId: string };
    server.station = station({ recording: { clipId, startedAt: new Date(Date.now() - 65_000).toISOString() } });
    server.send({ kind: 'station', station: server.station });
    await page.getByTestId('recording-frame').waitFor();
    expect(await page.getByTestId('elapsed').innerText()).toMatch(/^[1-9]:\d\d$/);
    await page.keyboard.press('p');
    await page.keyboard.press('m');
    await eventually(() => [posts('/stations/or-1/stills').length, posts('/stations/or-1/markers').length]).toEqual([
      1, 1,
    ]);
  });

  it('has targets for gloves: at least 76 px with 16 px between', async () => {
    const page = await open('/console/or-1');
    await page.getByTestId('save-last').waitFor();
    for (const id of ['save-last', 'choose-length', 'record', 'still', 'marker', 'change-patient', 'help']) {
      const box = await page.getByTestId(id).boundingBox();
      expect(Math.min(box?.width ?? 0, box?.height ?? 0), id).toBeGreaterThanOrEqual(76);
    }
    const [still, marker] = [
      await page.getByTestId('still').boundingBox(),
      await page.getByTestId('marker').boundingBox(),
    ];
    expect(marker!.x - (still!.x + still!.width)).toBeGreaterThanOrEqual(16);
  });
});

describe('department dashboard', () => {
  it('keeps the state of the list in the URL', async () => {
    const page = await open('/recordings?state=failed');
    await page.getByTestId('recordings').waitFor();
    await page.getByTestId('search').fill('Müller');
    await page.waitForURL(/q=M%C3%BCller/);
    await page.getByTestId('sort-size').click();
    await page.waitForURL(/sort=-size/);
    expect(await page.getByTestId('csv').getAttribute('href')).toBe('/api/v1/clips.csv?q=M%C3%BCller&state=failed');
    await page
      .getByRole('link', { name: /Müller-Lüdenscheidt/ })
      .first()
      .click();
    await page.getByTestId('clip-page').waitFor();
    await page.goBack();
    expect(page.url()).toContain('sort=-size');
  });

  it('says what went wrong and offers a way on', async () => {
    server.overrides.set('GET /clips', {
      status: 400,
      body: { type: 'x', title: 'Bad', status: 400, code: 'invalid', detail: 'so nicht' },
    });
    const page = await open('/recordings');
    const failed = page.getByTestId('failed');
    await failed.waitFor();
    expect(await failed.innerText()).toContain('so nicht');
    server.overrides.clear();
    await failed.getByRole('button').click();
    await page.getByTestId('recordings').waitFor();
  });
});

describe('accessibility (axe, WCAG 2.2 AA)', () => {
  const pages = ['/', '/recordings', `/recordings/${clips[0]!.clipId}`, '/deliveries', '/admin/destinations'];
  it.each(pages.flatMap((path) => [[path, 'light'] as const, [path, 'dark'] as const]))(
    '%s, %s',
    async (path, colorScheme) => {
      const page = await open(path, { colorScheme });
      await page.locator('h1').waitFor();
      await page.getByTestId('loading').waitFor({ state: 'detached' });
      expect(await accessibilityFaults(page)).toEqual([]);
    },
  );

  it('console with worklist', async () => {
    server.station = freeStation();
    server.worklist.stale = true;
    const page = await open('/console/or-1');
    await page.getByTestId('worklist').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  it('console with procedure, failure and dialog', async () => {
    server.clips = clips;
    const page = await open('/console/or-1');
    await page.getByTestId('failure').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByTestId('choose-length').click();
    await page.getByTestId('length-30').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
  });
});
