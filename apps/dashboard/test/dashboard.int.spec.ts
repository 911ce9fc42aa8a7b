import type { BrowserContextOptions, Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { accessibilityFaults, smallTargets } from './browser.ts';
import { clip, clipDetail, clips, freeStation, procedure, station, worklistItems } from './fixture-data.ts';
import type { FixtureServer } from './fixture-server.ts';
import { eventually, ScreenStage } from './screen-stage.ts';

const stage = new ScreenStage((server) => void (server.clips = clips.filter((c) => c.state !== 'failed')));
let server: FixtureServer;
beforeEach(() => void ({ server } = stage));

const open = (path: string, options: BrowserContextOptions = {}) => stage.open(path, options);
const posts = (path: string) => stage.asked('POST', path);

describe('operator console', () => {
  it('starts a patient from the worklist with one tap', async () => {
    server.station = freeStation();
    const page = await open('/console/or-1');
    await page.getByRole('button', { name: /Großkopf, Prof. Dr. Jürgen/ }).click();
    await page.getByTestId('patient-banner').waitFor();
    expect(posts('/procedures')).toMatchObject([{ body: { stationId: 'or-1', worklistItemId: expect.any(String) } }]);
    expect(await page.getByTestId('patient-banner').innerText()).toContain('Müller-Lüdenscheidt, Dr. Anna Katharina');
  });

  it.each([
    ['de-DE', 'Es stehen nicht alle hier. Das Informationssystem hat mehr Patienten, als abgefragt werden.'],
    ['en-GB', 'Not everybody is on this list. The information system has more patients than are asked for.'],
  ])('says that the list was cut, and what to do: %s', async (locale, sentence) => {
    server.station = freeStation();
    server.worklist.truncated = true;
    const page = await open('/console/or-1', { locale, viewport: { width: 1920, height: 1080 } });
    const note = page.getByTestId('worklist-cut');
    await note.waitFor();
    expect(await note.innerText()).toContain(sentence);
    expect(await accessibilityFaults(page)).toEqual([]);
    server.worklist.truncated = false;
    await page.getByRole('button', { name: /Neu abfragen|Ask again/ }).click();
    await note.waitFor({ state: 'detached' });
  });

  it('says saved only when the server does, with length and undo', async () => {
    const page = await open('/console/or-1');
    await page.getByRole('button', { name: /Letzte 2 Min speichern/ }).click();
    const card = page.getByTestId('save-card');
    await card.waitFor();
    expect(await card.getAttribute('data-phase')).toBe('saving');
    await eventually(() => posts('/clips').length).toBe(1);
    const { clipId } = posts('/clips')[0]!.body as { clipId: string };
    expect(posts('/clips')[0]?.body).toEqual({ clipId, stationId: 'or-1', lastSeconds: 120, pressedAt: 'room' });
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

  it('has targets for gloves everywhere: worklist, procedure, figures, past, clips, every dialog; and 16 px between', async () => {
    server.station = freeStation();
    server.clips = clips;
    server.procedure = { ...procedure, emergency: true };
    // Whoever goes back sees the controls of the past while it is being fetched.
    server.overrides.set('GET /hls/index.m3u8', 'hang');
    const allLarge = (where: string) =>
      expect.poll(() => smallTargets(page), { message: where, timeout: 15_000 }).toEqual([]);
    const page = await open('/console/or-1', { locale: 'en-GB' });
    await page.getByTestId('worklist').waitFor();
    await allLarge('worklist');
    server.station = station({ procedure: server.procedure });
    server.send({ kind: 'station', station: server.station });
    await page.getByTestId('failure').waitFor();
    await page.getByTestId('past-strip').first().waitFor();
    await allLarge('procedure');
    await page.getByTestId('figures-open').first().click();
    await page.getByTestId('figures').waitFor();
    await allLarge('figures');
    await page.getByTestId('figures-close').press('Enter');
    await page.getByTestId('past-back').first().click();
    await page.getByTestId('past-live').first().waitFor();
    await allLarge('past');
    await page.getByTestId('past-live').first().click();
    await page.getByTestId('consent-given').click();
    for (const [opener, shown] of [
      ['[data-testid=choose-length]', 'length-600'],
      ['[data-testid=change-patient]', 'confirm-change'],
      ['[data-testid=change-consent]', 'say-refused'],
      ['[data-testid=correct-patient]', `correct-${worklistItems[0]!.itemId}`],
      ['[data-testid=help]', 'open-keys'],
      [`[data-testid=clip-${clips[0]!.clipId}] button`, 'clip-tools'],
    ] as const) {
      await page.locator(opener).click();
      await page.getByTestId(shown).waitFor();
      await allLarge(opener);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
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

  it('keeps a search under a name, in this browser', async () => {
    const page = await open('/recordings?state=failed&quality=incomplete&size=large');
    await page.getByTestId('name-search').click();
    await page.getByTestId('search-name').fill('Große Lücken');
    await page.getByTestId('save-search').click();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.goto(`${server.url}/recordings`);
    await page.getByRole('button', { name: 'Große Lücken' }).first().click();
    await page.waitForURL(/quality=incomplete/);
    await eventually(() => page.getByTestId('csv').getAttribute('href')).toBe(
      '/api/v1/clips.csv?quality=incomplete&minBytes=1000000000&state=failed',
    );
    await page.getByRole('button', { name: 'Suche vergessen: Große Lücken' }).click();
    await page.getByTestId('name-search').waitFor();
  });

  it('says of an object that was coded anew what that cost and kept, in both languages', async () => {
    const detail = clipDetail(clips[0]!);
    const of = (id: string) => `compression-${id}`;
    const coded = detail.instances.find(({ compression }) => compression)!;
    const german = await open(`/recordings/${detail.clipId}`);
    const text = (page: Page) => page.getByTestId(of(coded.instanceId)).innerText();
    await german.getByTestId(of(coded.instanceId)).waitFor();
    expect(await text(german)).toBe('10,1 : 1 · PSNR 43,3 dB · SSIM 0,9913 · 300 Bilder verglichen · 1:05 min');
    await german.context().close();
    const english = await open(`/recordings/${detail.clipId}`, { locale: 'en-GB' });
    await english.getByTestId(of(coded.instanceId)).waitFor();
    expect(await text(english)).toBe('10.1 : 1 · PSNR 43.3 dB · SSIM 0.9913 · 300 frames compared · 1:05 min');
    const others = detail.instances.filter(({ compression }) => !compression);
    for (const { instanceId } of others) expect(await english.getByTestId(of(instanceId)).count()).toBe(0);
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
      await eventually(() => page.getByTestId('loading').count()).toBe(0); // a page may have several
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
