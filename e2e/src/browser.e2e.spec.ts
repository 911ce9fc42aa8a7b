import { mkdirSync } from 'node:fs';
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

  it('the clip’s page plays the video and shows its way into the archive', async () => {
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

  it('a source that dies is never shown as live', async () => {
    await page.goto(`${line.box.url}/console/or-1`);
    await showsLive('endoscope');
    line.box.service('capture-edge').kill('SIGSTOP');
    try {
      await expect.poll(() => tile('endoscope').getAttribute('data-state'), { timeout: 4000 }).not.toBe('live');
    } finally {
      line.box.service('capture-edge').kill('SIGCONT');
    }
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
