import type { BrowserContextOptions, Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { accessibilityFaults } from './browser.ts';
import { clip, clips, freeStation, procedure, station, ulidOf, worklistItems } from './fixture-data.ts';
import type { FixtureServer } from './fixture-server.ts';
import { eventually, ScreenStage } from './screen-stage.ts';

const stage = new ScreenStage((server) => void (server.clips = clips.filter((c) => c.state !== 'failed')));
let server: FixtureServer;
beforeEach(() => void ({ server } = stage));

const open = (path: string, options: BrowserContextOptions = {}) => stage.open(path, options);
const posts = (path: string) => stage.asked('POST', path).length;

/** Keys that a keyboard does not have: Playwright cannot press them. */
async function pedal(page: Page, code: string, ...types: string[]): Promise<void> {
  for (const type of types.length > 0 ? types : ['keydown', 'keyup']) {
    await page.evaluate(
      `dispatchEvent(new KeyboardEvent('${type}', { code: '${code}', key: '${code}', cancelable: true }))`,
    );
  }
}

describe('foot pedals', () => {
  it('are bound by pressing them, are tried without harm, and work at the panel after a reload', async () => {
    const page = await open('/console/or-1/keys');
    await page.getByTestId('bind-marker-long').click();
    await page.keyboard.press('Delete');
    expect(await page.getByTestId('keys-try').innerText()).toContain('kann nicht belegt werden');
    await pedal(page, 'F16');
    await eventually(() => page.getByTestId('binding-marker').innerText()).toContain('F16');
    expect(await accessibilityFaults(page)).toEqual([]);
    await pedal(page, 'F13');
    await page.locator('[data-testid=binding-still][data-tried=true]').waitFor();
    expect(posts('/stations/or-1/stills')).toBe(0);

    await page.getByTestId('back').click();
    await page.reload();
    await page.getByTestId('save-last').waitFor();
    await pedal(page, 'F13');
    await eventually(() => posts('/stations/or-1/stills')).toBe(1);
    await pedal(page, 'F16');
    await pedal(page, 'F16', 'keydown');
    await eventually(() => posts('/stations/or-1/markers')).toBe(1);
    await pedal(page, 'F16', 'keyup');
    await pedal(page, 'F14', 'keydown');
    await eventually(() => posts('/clips')).toBe(1);
    await pedal(page, 'F14', 'keyup');
    expect(posts('/stations/or-1/recording')).toBe(0);
    await pedal(page, 'F14');
    await eventually(() => posts('/stations/or-1/recording')).toBe(1);
    expect(server.requests.some((r) => r.method === 'DELETE')).toBe(false);
  });
});

describe('the patient at the panel', () => {
  it('an emergency begins with one tap, and can be assigned from then on', async () => {
    const unknown = {
      ...procedure,
      patient: { name: 'Notfall^2026-11-23 09:12', id: 'E-20261123-0912' },
      emergency: true,
    };
    server.station = freeStation();
    server.more = ({ method, path }) => {
      if (method !== 'POST' || path !== '/procedures') return undefined;
      server.station = station({ procedure: unknown });
      return { status: 201, body: unknown };
    };
    const page = await open('/console/or-1');
    await page.getByTestId('emergency').click();
    const banner = page.getByTestId('patient-banner');
    await banner.waitFor();
    expect(server.requests.find((r) => r.method === 'POST' && r.path === '/procedures')?.body).toEqual({
      stationId: 'or-1',
      emergency: {},
    });
    expect(posts('/procedures')).toBe(1);
    expect(await banner.innerText()).toContain('E-20261123-0912');
    await page.getByTestId('correct-patient').waitFor();
    await page.locator('[data-testid=live-endoscope][data-state=live]').waitFor();
  });

  it.each([
    ['de-DE', ['Müller-Lüdenscheidt, Dr. Anna Katharina', '14.02.1961', 'weiblich', 'P-4711-0815'], 'Auftrag'],
    ['en-GB', ['Müller-Lüdenscheidt, Dr. Anna Katharina', '14/02/1961', 'female', 'P-4711-0815'], 'Accession'],
  ])(
    'the banner says all six: name, birth date, sex, ID, procedure, accession (%s)',
    async (locale, who, accession) => {
      const page = await open('/console/or-1', { locale });
      const banner = page.getByTestId('patient-banner');
      await banner.waitFor();
      const text = await banner.innerText();
      for (const said of [...who, 'Laparoskopische Cholezystektomie', accession, 'A2026-118342'])
        expect(text).toContain(said);
      // Whole, on a full-HD panel: nothing of the six is cut off.
      const cut = await banner
        .locator('h1, p, dd')
        .evaluateAll((all) => all.filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.textContent));
      expect(cut).toEqual([]);
    },
  );

  it('a confirmed change ends the procedure and shows the worklist; the next patient begins without the last one’s clips', async () => {
    const page = await open('/console/or-1');
    await page.getByTestId(`clip-${clips[0]!.clipId}`).waitFor();
    await page.getByTestId('change-patient').click();
    const confirm = page.getByTestId('confirm-change');
    await confirm.waitFor();
    expect(await page.getByRole('dialog').innerText()).toContain('Müller-Lüdenscheidt');
    expect(posts(`/procedures/${procedure.procedureId}/end`)).toBe(0);
    await confirm.click();
    await page.getByTestId('worklist').waitFor();
    expect(posts(`/procedures/${procedure.procedureId}/end`)).toBe(1);
    expect(await page.getByTestId('patient-banner').count()).toBe(0);
    const next = { ...procedure, procedureId: ulidOf(2), patient: { name: 'Nowak^Zofia', id: 'P-2024-3302' } };
    server.more = ({ method, path, query }) => {
      if (path === '/clips' && query.get('procedure') === next.procedureId)
        return { status: 200, body: { items: [], total: 0 } };
      if (method !== 'POST' || path !== '/procedures') return undefined;
      server.station = station({ procedureId: next.procedureId, procedure: next });
      return { status: 201, body: next };
    };
    await page.getByRole('button', { name: /Nowak, Zofia/ }).click();
    await eventually(() => page.getByTestId('patient-banner').innerText()).toContain('Nowak, Zofia');
    await page.getByText('Noch keine Clips.').waitFor();
    expect(await page.locator('body').innerText()).not.toContain('Lüdenscheidt');
  });

  it('a change that the server refuses keeps the patient and says why', async () => {
    const problem = { type: 'about:blank', title: 'No', status: 503, code: 'broker-away', detail: 'Der Broker fehlt' };
    server.overrides.set(`POST /procedures/${procedure.procedureId}/end`, { status: 503, body: problem });
    const page = await open('/console/or-1');
    await page.getByTestId('change-patient').click();
    await page.getByTestId('confirm-change').click();
    const failure = page.getByTestId('failure');
    await failure.waitFor();
    expect(await failure.innerText()).toContain('Der Broker fehlt');
    expect(await page.getByTestId('patient-banner').innerText()).toContain('Müller-Lüdenscheidt');
  });
});

describe('clips at the panel', () => {
  it('holding the big button with a finger offers the lengths and saves nothing by itself', async () => {
    const page = await open('/console/or-1', { hasTouch: true });
    const box = (await page.getByTestId('save-last').boundingBox())!;
    const finger = await page.context().newCDPSession(page);
    const touchPoints = [{ x: box.x + box.width / 2, y: box.y + box.height / 2 }];
    await finger.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints });
    await page.getByTestId('length-600').waitFor();
    await finger.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    for (const seconds of [30, 60, 120, 300, 600]) expect(await page.getByTestId(`length-${seconds}`).count()).toBe(1);
    expect(posts('/clips')).toBe(0);
    await page.getByTestId('length-600').tap();
    await eventually(() => posts('/clips')).toBe(1);
    expect(server.requests.find((r) => r.path === '/clips' && r.method === 'POST')?.body).toMatchObject({
      lastSeconds: 600,
    });
  });

  it('a clip that failed is tried again from the strip, and from its own view once its video is safe', async () => {
    const failure = { code: 'pacs-refused', reason: 'Das Archiv hat abgelehnt' };
    const [lost, unsent] = [clips[3]!, clip(6, { state: 'failed', failure })];
    server.clips = [lost, unsent];
    const page = await open('/console/or-1');
    await page.getByTestId(`retry-${lost.clipId}`).click();
    await eventually(() => posts(`/clips/${lost.clipId}/retry`)).toBe(1);
    const { failure: _failure, ...again } = lost;
    server.send({ kind: 'clip', clip: { ...again, state: 'requested' } });
    await page.getByTestId(`retry-${lost.clipId}`).waitFor({ state: 'detached' });

    await page.getByTestId(`clip-${unsent.clipId}`).getByRole('button').first().click();
    const inView = page.getByTestId('tool-retry');
    await inView.click();
    await eventually(() => posts(`/clips/${unsent.clipId}/retry`)).toBe(1);
    server.clips = server.clips.map((one) => (one === unsent ? clip(6, { state: 'prepared' }) : one));
    server.send({ kind: 'clip', clip: clip(6, { state: 'prepared' }) });
    await inView.waitFor({ state: 'detached' });
  });
});

describe('without a mouse', () => {
  it('a nurse walks from the worklist to a saved clip with the keyboard alone', async () => {
    server.station = freeStation();
    const page = await open('/console/or-1');
    await page.getByTestId('worklist').waitFor();
    const focusOn = async (testId: string) => {
      for (let i = 0; i < 60; i += 1) {
        await page.keyboard.press('Tab');
        if ((await page.evaluate('document.activeElement?.dataset.testid')) === testId) return;
      }
      throw new Error(`the focus never came to ${testId}`);
    };
    await focusOn(`worklist-item-${worklistItems[1]!.itemId}`);
    await page.keyboard.press('Enter');
    await page.getByTestId('save-last').waitFor();
    expect(server.requests.find((r) => r.method === 'POST' && r.path === '/procedures')?.body).toMatchObject({
      worklistItemId: worklistItems[1]!.itemId,
    });
    await focusOn('choose-length');
    await page.keyboard.press('Enter');
    await page.getByTestId('length-120').waitFor();
    await eventually(() => page.evaluate('document.activeElement?.dataset.testid')).toBe('length-120');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await eventually(() => posts('/clips')).toBe(1);
    const body = server.requests.find((r) => r.path === '/clips' && r.method === 'POST')?.body;
    expect(body).toMatchObject({ lastSeconds: 300 });
    const { clipId } = body as { clipId: string };
    const card = page.getByTestId('save-card');
    await card.and(page.locator('[data-phase=saving]')).waitFor();
    const saved = clip(0, { clipId, state: 'saved', requestedMs: 300_000, savedMs: 300_000 });
    server.clips = [saved, ...server.clips.filter((one) => one.clipId !== clipId)];
    server.send({ kind: 'clip', clip: saved });
    await card.and(page.locator('[data-phase=saved]')).waitFor();
    expect(await card.innerText()).toContain('5:00');

    await focusOn('still');
    await page.keyboard.press('Space');
    await eventually(() => posts('/stations/or-1/stills')).toBe(1);
    await focusOn('change-patient');
    await page.keyboard.press('Enter');
    await page.getByTestId('confirm-change').waitFor();
    await page.keyboard.press('Escape');
    await page.getByTestId('confirm-change').waitFor({ state: 'detached' });
    await eventually(() => page.evaluate('document.activeElement?.dataset.testid')).toBe('change-patient');
  });

  it('the department goes from the rooms to a clip and sees where the focus is', async () => {
    const page = await open('/');
    await page.getByTestId('rooms').waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement?.getAttribute("href")')).toBe('#content');
    for (let i = 0; i < 2; i += 1) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL(/recordings/);
    await page.getByTestId('recordings').waitFor();
    const first = page.getByTestId(`row-${clips[0]!.clipId}`).getByRole('link');
    await first.focus();
    const outline = await first.evaluate('element => getComputedStyle(element).outlineStyle');
    expect(outline).not.toBe('none');
    await page.keyboard.press('Enter');
    await page.getByTestId('clip-page').waitFor();
  });
});
