import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { AxeBuilder } from '@axe-core/playwright';
import { frameCounters } from '@smartbox/media/native';
import { until } from '@smartbox/testing';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { burntIn, FRAMES_PER_SECOND } from './burnt-in.ts';
import { ringHolds, startLine, type Line } from './support.ts';

const SOURCES = ['endoscope', 'room'];
const PATIENCE = 45_000;

let line: Line;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  line = await startLine({ services: ['capture-edge', 'buffer', 'transcoder', 'streaming', 'catalog'] });
  browser = await chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic'],
  });
  await line.api.startProcedure({ stationId: 'or-1', emergency: {} });
  await ringHolds(line, 'or-1', 25);
  const context = await browser.newContext({ viewport: { width: 1600, height: 900 }, locale: 'de-DE' });
  context.setDefaultTimeout(PATIENCE);
  page = await context.newPage();
});
afterAll(async () => {
  await browser?.close();
  await line?.stop();
});

const tile = (source: string, state: string) =>
  page.locator(`[data-testid="live-${source}"][data-state="${state}"]`).waitFor();
const allAre = (state: string) => Promise.all(SOURCES.map((source) => tile(source, state)));
const strip = () => page.getByTestId('room-past-strip');

/** Both pictures of the past, read at one moment. */
const pasts = () =>
  until(
    async () => {
      const [one, other] = await burntIn(page, 'video[data-testid^="past-"]:not([hidden])');
      return one != null && other != null && ([one, other] as const);
    },
    { timeoutMs: PATIENCE, what: 'two pictures of the past' },
  );
const apart = ([one, other]: readonly [number, number]) => Math.abs(one - other);

/** How far behind the live picture, which goes on beneath it, the past is, by the counters. */
const behindFrames = () =>
  until(
    async () => {
      const [live, past] = await burntIn(page, '[data-testid="live-endoscope"] video');
      return live != null && past != null && live - past;
    },
    { timeoutMs: PATIENCE, what: 'the live picture and the past' },
  );

async function shot(name: string): Promise<void> {
  const screens = process.env['SCREENS'];
  if (!screens) return;
  mkdirSync(screens, { recursive: true });
  await page.screenshot({ path: join(screens, `${name}.png`) });
}

async function accessible(): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag22aa']).analyze();
  expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([]);
}

describe('a room at a desk', () => {
  it('looks back with all of its pictures, at the same moment', async () => {
    await page.goto(`${line.box.url}/rooms/or-1`);
    await allAre('live');
    await page.getByTestId('room-past-back').click();
    await allAre('past');
    // Each plays by itself and the first leads: they meet, and stay together.
    const seen: number[] = [];
    await until(
      async () => {
        seen.push(apart(await pasts()));
        return seen.length >= 10 && seen.slice(-10).every((frames) => frames <= 1);
      },
      { timeoutMs: PATIENCE, intervalMs: 100, what: 'ten looks with at most a picture between them' },
    );
    console.log(`pictures apart, look by look: ${seen.join(' ')}`);
    const truly = await until(
      async () => {
        const claimed = Number(await strip().getAttribute('data-behind-ms')) / 1000;
        const truly = (await behindFrames()) / FRAMES_PER_SECOND;
        console.log(`the timeline says ${claimed.toFixed(1)} s, the pictures say ${truly.toFixed(1)} s`);
        // Read one after the other, and a busy machine may show the live picture late: then both are read again.
        return Math.abs(claimed - truly) < 2 && truly;
      },
      { timeoutMs: PATIENCE, what: 'a timeline that says what the pictures say' },
    );
    expect(truly).toBeGreaterThan(7);
    for (const source of SOURCES) {
      expect(await page.getByTestId(`live-${source}`).getByTestId('past-ago').innerText()).toMatch(/Nicht live · vor/);
    }
    await shot('room-past');
    await accessible();
  }, 120_000);

  it('is held at one moment, and goes on picture by picture', async () => {
    await page.getByTestId('room-past-pause').click();
    const held = await until(
      async () => {
        const [before, after] = [await pasts(), await pasts()];
        return before.join() === after.join() && after;
      },
      { timeoutMs: PATIENCE, what: 'standing pictures' },
    );
    expect(apart(held)).toBeLessThanOrEqual(1);
    for (const [key, by] of [
      ['.', 1],
      ['.', 2],
      [',', 1],
      [',', 0],
    ] as const) {
      await page.locator('body').press(key);
      await until(async () => (await pasts()).join() === held.map((counter) => counter + by).join(), {
        timeoutMs: PATIENCE,
        what: `both ${by} further`,
      });
    }
  }, 120_000);

  it('goes by the keyboard: J further back, K on, End live', async () => {
    const before = await behindFrames();
    await page.locator('body').press('j');
    await until(async () => (await behindFrames()) > before + 7 * FRAMES_PER_SECOND, { timeoutMs: PATIENCE });
    await until(async () => apart(await pasts()) <= 1, { timeoutMs: PATIENCE });
    await page.locator('body').press('l');
    await until(async () => (await behindFrames()) < before + 4 * FRAMES_PER_SECOND, { timeoutMs: PATIENCE });
    await page.locator('body').press('k');
    await until(async () => (await pasts()).join() === (await pasts()).join(), { timeoutMs: PATIENCE, what: 'held' });
    await page.locator('body').press('End');
    await allAre('live');
    expect(await page.getByTestId('past-ago').count()).toBe(0);
  }, 120_000);
});

describe('a still at a moment of the past', () => {
  it('is the picture that the tile shows, and the button says how old it is', async () => {
    await page.goto(`${line.box.url}/console/or-1`);
    await allAre('live');
    const endoscope = page.getByTestId('live-endoscope');
    await endoscope.getByTestId('past-back').click();
    await tile('endoscope', 'past');
    const read = async () => (await burntIn(page, '[data-testid="past-endoscope"]'))[0];
    await until(async () => (await read()) != null, { timeoutMs: PATIENCE, what: 'a picture of the past' });
    await endoscope.getByTestId('past-pause').click();
    const shown = await until(
      async () => {
        const [before, after] = [await read(), await read()];
        return before != null && before === after && after;
      },
      { timeoutMs: PATIENCE, what: 'a standing picture' },
    );
    const still = page.getByTestId('still');
    await until(async () => /^Bild von vor \d+ s$/.test(await still.innerText()));
    const label = await still.innerText();
    await shot('console-still-of-past');
    await accessible();
    const { items: before } = await line.api.clips({});
    await still.click();
    await until(async () => /Bild von vor \d+ s wird/.test(await page.getByTestId('note').innerText()));
    const clip = await until(
      async () => {
        const { items } = await line.api.clips({});
        const made = items.find(({ clipId }) => !before.some((one) => one.clipId === clipId));
        const detail = made && (await line.api.clip(made.clipId));
        return detail?.renditions.some(({ rendition }) => rendition === 'still') && detail;
      },
      { timeoutMs: PATIENCE, what: 'the still' },
    );
    const pictures = clip.renditions.filter(({ rendition }) => rendition === 'still');
    // Of the one tile that looks back: the other one shows now.
    expect(pictures.map(({ sourceId }) => sourceId)).toEqual(['endoscope']);
    const folder = mkdtempSync(join(tmpdir(), 'smartbox-still-'));
    try {
      const file = join(folder, 'still.jpg');
      writeFileSync(file, await buffer(await line.api.download(pictures[0]?.url ?? '', 0)));
      console.log(`${label}: shown ${shown}, saved ${(await frameCounters(file)).join()}`);
      expect(await frameCounters(file)).toEqual([shown]);
    } finally {
      rmSync(folder, { recursive: true });
    }
    await endoscope.getByTestId('past-live').click();
    await tile('endoscope', 'live');
    await until(async () => (await still.innerText()) === 'Standbild', { what: 'a still of now again' });
  }, 120_000);
});
