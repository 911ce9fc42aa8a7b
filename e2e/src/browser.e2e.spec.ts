import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { chromium, type Browser, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reached, ringHolds, startLine, smallStation, type Line } from './support.ts';

/** Where screenshots go when they are wanted: `SCREENS=docs/screens npx vitest run --project e2e browser`. */
const screens = process.env['SCREENS'];
/** What a person may wait for at most. */
const PATIENCE = 30_000;

let line: Line;
let browser: Browser;
let page: Page;
const complaints: string[] = [];

beforeAll(async () => {
  line = await startLine({
    stations: [
      { ...smallStation, sources: smallStation.sources.map((source) => ({ ...source, width: 1280, height: 720 })) },
    ],
  });
  browser = await chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  });
  page = await openPage();
});
afterAll(async () => {
  await browser?.close();
  await line?.stop();
});

async function openPage(size = { width: 1920, height: 1080 }): Promise<Page> {
  const context = await browser.newContext({ viewport: size, locale: 'de-DE', timezoneId: 'Europe/Berlin' });
  context.setDefaultTimeout(PATIENCE);
  const opened = await context.newPage();
  opened.on('pageerror', (error) => complaints.push(error.message));
  opened.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text());
  });
  return opened;
}

async function shot(name: string, of = page): Promise<void> {
  if (!screens) return;
  mkdirSync(screens, { recursive: true });
  await of.screenshot({ path: join(screens, `${name}.png`) });
}

async function accessible(of = page): Promise<void> {
  const { violations } = await new AxeBuilder({ page: of }).withTags(['wcag2a', 'wcag2aa', 'wcag22aa']).analyze();
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`)).toEqual([]);
}

const tile = (sourceId: string, of = page): Locator => of.getByTestId(`live-${sourceId}`);

/** A picture that moves: frames of the real stream are decoded and shown. */
async function showsLive(sourceId: string, of = page): Promise<void> {
  await tile(sourceId, of).and(of.locator('[data-state="live"]')).waitFor();
  const frames = async () => Number(await tile(sourceId, of).getAttribute('data-frames'));
  const before = await frames();
  await expect.poll(frames, { timeout: PATIENCE }).toBeGreaterThan(before + 10);
}

/** The process that reads this camera: a child of the capture service, told its source in its arguments. */
function captureProcess(sourceId: string): number {
  const { pid } = line.box.service('capture-edge');
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  const found = children.find((child) => readFileSync(`/proc/${child}/cmdline`, 'utf8').includes(`"id":"${sourceId}"`));
  if (found === undefined) throw new Error(`no capture process of ${sourceId} below ${pid}`);
  return found;
}

/** The station may have ended it meanwhile: it starts a camera anew that does not answer. */
function resume(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

interface Told {
  /** When the tile stopped to say live, and when the last picture before was shown; ms since 1970. */
  at: number;
  pictureAt: number;
  state: string;
  text: string;
}

/** Watches from within the page, so that nothing on the way to the test adds to the time. */
async function watchTile(of: Locator): Promise<() => Promise<Told | undefined>> {
  const watch = await of.evaluateHandle((element) => {
    const seen: { pictureAt: number; told?: Told } = { pictureAt: Date.now() };
    const video = element.querySelector('video')!;
    const onFrame = () => {
      seen.pictureAt = Date.now();
      video.requestVideoFrameCallback(onFrame);
    };
    video.requestVideoFrameCallback(onFrame);
    const { dataset } = element as HTMLElement;
    new MutationObserver(() => {
      if (dataset['state'] === 'live') return;
      const { pictureAt } = seen;
      seen.told ??= { at: Date.now(), pictureAt, state: dataset['state'] ?? '', text: element.textContent ?? '' };
    }).observe(element, { attributeFilter: ['data-state'] });
    return seen;
  });
  return () => watch.evaluate(({ told }) => told);
}

describe('in a real browser', () => {
  let clipId: string;

  it('today’s worklist is the first screen, and one tap selects the patient', async () => {
    await page.goto(`${line.box.url}/console/or-1`);
    const rows = page.locator('[data-testid^="worklist-item-"]');
    await rows.first().waitFor();
    await shot('console-worklist');
    await accessible();
    const first = (await rows.first().innerText()).split('\n')[0] ?? '';
    await rows.first().click();
    await page.getByTestId('patient-banner').waitFor();
    expect(await page.getByTestId('patient-banner').innerText()).toContain(first.split(',')[0]);
  });

  it('both cameras are live at once', async () => {
    await showsLive('endoscope');
    await showsLive('room');
    expect(await tile('endoscope').innerText()).toContain('Nur zur Beobachtung');
  });

  it('who asks is told how old the picture is, how it comes and what was lost', async () => {
    await tile('endoscope').getByTestId('figures-open').press('Enter');
    const figures = page.getByTestId('figures');
    await expect.poll(() => figures.innerText(), { timeout: PATIENCE }).toMatch(/Verlorene Pakete\s+\d+ von [1-9]/);
    const text = await figures.innerText();
    expect(text).toMatch(/Weg\s+WebRTC \(WHEP\)\s+Format\s+H\.264\s+Bild\s+1280 × 720/);
    expect(text).toMatch(/Netz, hin und zurück\s+\d+ ms/);
    const ms = Number(/Empfang bis Anzeige\s+(\d+) ms/.exec(text)?.[1]);
    console.log(`received to shown: ${ms} ms`);
    expect(ms).toBeGreaterThan(0);
    expect(ms).toBeLessThan(2_000);
    await shot('console-figures');
    await accessible();
    await figures.getByTestId('figures-close').press('Enter');
    await figures.waitFor({ state: 'detached' });
  });

  it('the big button saves what there is, and says so within moments', async () => {
    await ringHolds(line, 'or-1', 8);
    await accessible();
    await shot('console');
    await page.getByTestId('save-last').click();
    await page.locator('[data-testid="save-card"][data-phase="saved"]').waitFor();
    const { items } = await line.api.clips({});
    clipId = items[0]?.clipId ?? '';
    await page.getByTestId(`clip-${clipId}`).waitFor();
    await shot('console-saved');
    const clip = await reached(line, clipId, 'sent');
    expect(clip.truncated).toBe(true); // two minutes were asked for, seconds were there
  });

  it('a second person watches the same room', async () => {
    const other = await openPage({ width: 1366, height: 768 });
    await other.goto(`${line.box.url}/console/or-1`);
    await showsLive('endoscope', other);
    await showsLive('endoscope');
    await other.context().close();
  });

  it('the clip’s page plays the video', async () => {
    await page.goto(`${line.box.url}/recordings/${clipId}`);
    const video = page.getByTestId('player-video');
    await video.waitFor();
    const state = () =>
      video.evaluate((element) => {
        const { readyState, videoWidth, duration, currentTime } = element as HTMLVideoElement;
        return { readyState, videoWidth, duration, currentTime };
      });
    await expect.poll(async () => (await state()).readyState, { timeout: PATIENCE }).toBeGreaterThanOrEqual(2);
    expect((await state()).videoWidth).toBe(1280);
    await page.getByTestId('play').click();
    await expect.poll(async () => (await state()).currentTime, { timeout: PATIENCE }).toBeGreaterThan(1);
  });

  it('the trim handle is dragged, and the shorter version is saved beside the original', async () => {
    await page.getByTestId('open-editor').click();
    const editor = page.getByTestId('editor');
    await editor.waitFor();
    const frames = Number(await editor.getAttribute('data-frames'));
    const handle = page.getByTestId('handle-from');
    const grip = (await handle.boundingBox())!;
    const strip = (await page.getByTestId('strip').boundingBox())!;
    await page.mouse.move(grip.x + grip.width / 2, grip.y + grip.height / 2);
    await page.mouse.down();
    await page.mouse.move(strip.x + strip.width / 3, grip.y + grip.height / 2, { steps: 8 });
    await page.mouse.up();
    const from = Number(await handle.getAttribute('data-at'));
    expect(Math.abs(from - frames / 3)).toBeLessThan(frames / 20);
    expect(await page.getByTestId('film-length').getAttribute('data-frames')).toBe(`${frames - from}`);
    await page.getByTestId('save-cut').click();
    await page.locator('[data-testid^="edit-"][data-state="ready"]').waitFor({ timeout: 90_000 });
    await page.goto(`${line.box.url}/recordings/${clipId}`);
    const version = page.getByTestId('versions').locator('[data-testid^="edit-"][data-state="ready"]');
    await version.getByTestId('watch').click();
    const lengths = () =>
      page.locator('video').evaluateAll((all) => all.map((video) => (video as HTMLVideoElement).duration));
    await expect.poll(async () => (await lengths()).length, { timeout: PATIENCE }).toBe(2);
    await expect
      .poll(
        async () => {
          const [original = 0, cut = 0] = await lengths();
          return Math.abs(cut / original - (frames - from) / frames);
        },
        { timeout: PATIENCE },
      )
      .toBeLessThan(0.02);
  });

  it('the clip’s page shows its way into the archive', async () => {
    expect(await page.getByTestId('journey').innerText()).toMatch(/Gesendet|Senden/);
    await shot('clip');
    await accessible();
  });

  it('the recordings list finds it by patient, and the address keeps the search', async () => {
    const { patient } = await line.api.clip(clipId);
    await page.goto(`${line.box.url}/recordings`);
    await page.getByTestId(`row-${clipId}`).waitFor();
    await page.getByTestId('search').fill(patient.id);
    await expect.poll(() => page.url(), { timeout: PATIENCE }).toContain(encodeURIComponent(patient.id));
    await page.getByTestId(`row-${clipId}`).waitFor();
    await shot('recordings');
    await page.getByTestId('search').fill('gibt es nicht');
    await page.getByTestId('empty').waitFor();
    await accessible();
  });

  it('the rooms page shows who is where', async () => {
    await page.goto(`${line.box.url}/`);
    await page.getByTestId('room-or-1').waitFor();
    await showsLive('endoscope');
    await shot('rooms');
    await accessible();
  });

  it.each([
    ['camera’s process', () => captureProcess('endoscope')],
    ['capture service', () => line.box.service('capture-edge').pid],
  ])('a %s that stands still is told on the tile within 2 s', async (what, pidOf) => {
    await page.goto(`${line.box.url}/console/or-1`);
    await showsLive('endoscope');
    const told = await watchTile(tile('endoscope'));
    const pid = pidOf();
    const stoppedAt = Date.now();
    process.kill(pid, 'SIGSTOP');
    try {
      await expect.poll(told, { timeout: 10_000, interval: 50 }).toBeDefined();
      const { at, pictureAt, state, text } = (await told())!;
      console.log(`${what} stopped: the tile says ${state} after ${at - stoppedAt} ms`);
      expect(text).toMatch(/Veraltet|Offline|Kein Signal|Eingefroren/);
      // What was under way when it stopped may still be shown: nobody can be told sooner than that.
      expect(at - Math.max(stoppedAt, pictureAt)).toBeLessThanOrEqual(2_000);
      expect(pictureAt - stoppedAt).toBeLessThan(2_000);
    } finally {
      resume(pid);
    }
    await showsLive('endoscope');
    await showsLive('room');
  });

  it('one picture fills the screen of a desk, with its state, and gives it back', async () => {
    await page.goto(`${line.box.url}/rooms/or-1`);
    await showsLive('endoscope');
    await tile('endoscope').getByTestId('full-screen').click();
    const whole = () =>
      page.evaluate(() => {
        const { dataset, clientHeight } = (document.fullscreenElement ?? document.body) as HTMLElement;
        return { tile: dataset['testid'], filled: clientHeight === innerHeight };
      });
    await expect.poll(whole, { timeout: PATIENCE }).toEqual({ tile: 'live-endoscope', filled: true });
    await showsLive('endoscope');
    await shot('room-full-screen');
    await tile('endoscope').getByTestId('full-screen').press('Enter');
    await expect.poll(async () => (await whole()).tile, { timeout: PATIENCE }).toBeUndefined();
    await page.goto(`${line.box.url}/console/or-1`);
    await showsLive('endoscope');
  });

  it('a lost feed is told within moments, and it comes back by itself', async () => {
    line.box.service('catalog').kill('SIGSTOP');
    try {
      await page.getByTestId('feed-lost').waitFor({ timeout: 6000 });
      await shot('console-feed-lost');
    } finally {
      line.box.service('catalog').kill('SIGCONT');
    }
    await page.getByTestId('feed-lost').waitFor({ state: 'detached' });
  });

  it('nothing was blocked by the content security policy and nothing threw', () => {
    const ours = complaints.filter((text) => !/fetch|network|WebSocket|ERR_/i.test(text));
    expect(ours).toEqual([]);
  });
});
