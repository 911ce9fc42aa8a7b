import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { Messaging } from '@smartbox/messaging';
import { until } from '@smartbox/testing';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { burntIn, FRAMES_PER_SECOND } from './burnt-in.ts';
import { natsOf, ringHolds, smallStation, startLine, startProcedure, type Line } from './support.ts';

const PATIENCE = 30_000;

let line: Line;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  const sources = smallStation.sources.slice(0, 1);
  line = await startLine({ stations: [{ ...smallStation, sources, windowSeconds: 60 }] });
  browser = await chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  });
  await startProcedure(line, 'or-1', 14);
  const context = await browser.newContext({ viewport: { width: 1600, height: 900 }, locale: 'de-DE' });
  context.setDefaultTimeout(PATIENCE);
  page = await context.newPage();
  await page.goto(`${line.box.url}/console/or-1`);
});
afterAll(async () => {
  await browser?.close();
  await line?.stop();
});

const tile = () => page.getByTestId('live-endoscope');
const inState = (state: string) =>
  tile()
    .and(page.locator(`[data-state="${state}"]`))
    .waitFor();

/** The burnt-in counters of the live picture and of the past, as they are on the screen at one moment. */
async function counters(): Promise<{ live: number | null; past: number | null }> {
  const [live, past] = await burntIn(page, '[data-testid="live-endoscope"] video');
  return { live: live ?? null, past: past ?? null };
}

const both = () =>
  until(
    async () => {
      const seen = await counters();
      return seen.live !== null && seen.past !== null && { live: seen.live, past: seen.past };
    },
    { what: 'two pictures with counters' },
  );
const behindMs = () =>
  until(async () => Number((await tile().getAttribute('data-behind-ms')) ?? NaN) || undefined, { what: 'a picture' });

describe('looking back', () => {
  it('shows the picture of ten seconds ago, says so, and plays on', async () => {
    await inState('live');
    expect(await page.getByTestId('past-ago').count()).toBe(0);
    await page.getByTestId('past-back').click();
    await inState('past');
    const { at, trueSeconds } = await until(async () => {
      const claimed = (await behindMs()) / 1000;
      const at = await both();
      const trueSeconds = (at.live - at.past) / FRAMES_PER_SECOND;
      console.log(`asked 10 s, the tile says ${claimed.toFixed(1)} s, the frames say ${trueSeconds.toFixed(1)} s`);
      // Read one after the other: where a picture came late in between, both are read again.
      return Math.abs(claimed - trueSeconds) < 2 && { at, trueSeconds };
    });
    expect(trueSeconds).toBeGreaterThan(7);
    expect(trueSeconds).toBeLessThan(13);
    expect(await page.getByTestId('past-ago').innerText()).toMatch(/Nicht live · vor 0:(0[789]|1[0-3])/);
    const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag22aa']).analyze();
    expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([]);
    const live = page.getByTestId('past-live');
    const colours = await live.evaluate((element) => {
      const { color, backgroundColor } = getComputedStyle(element);
      return { color, backgroundColor };
    });
    expect([await live.innerText(), colours.color === colours.backgroundColor]).toEqual(['Live', false]);
    const screens = process.env['SCREENS'];
    if (screens) {
      mkdirSync(screens, { recursive: true });
      await page.screenshot({ path: join(screens, 'console-rewind.png') });
    }
    await until(async () => (await both()).past > at.past + FRAMES_PER_SECOND, { what: 'the past playing on' });
  });

  it('goes by the keyboard: a second to the left, End is live', async () => {
    const range = page.getByTestId('past-range');
    await range.focus();
    const before = await behindMs();
    for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowLeft');
    await until(async () => (await behindMs()) > before + 1_500, { what: 'further back' });
    expect(await range.getAttribute('aria-valuetext')).toMatch(/^vor 0:1\d$/);
    await page.keyboard.press('End');
    await inState('live');
    await page.keyboard.press('ArrowLeft');
    await inState('past');
    await page.keyboard.press('Escape');
    await inState('live');
  });

  it('comes back to live at once', async () => {
    await page.getByTestId('past-back').click();
    await behindMs();
    const at = performance.now();
    await page.getByTestId('past-live').click();
    await inState('live');
    console.log(`back to live after ${(performance.now() - at).toFixed(0)} ms`);
    expect(await page.getByTestId('past-ago').count()).toBe(0);
  });

  it('goes back over the restart of an encoder', async () => {
    const before = await until(async () => (await counters()).live ?? undefined, { what: 'a live picture' });
    const killedAt = performance.now();
    line.box.service('capture-edge').kill('SIGKILL');
    await expect.poll(() => tile().getAttribute('data-state'), { timeout: 10_000 }).not.toBe('live');
    await inState('live');
    const after = await until(
      async () => {
        const { live } = await counters();
        return live !== null && live > before && live;
      },
      { what: 'a live picture of the new process' },
    );
    // The camera counts on by its clock: what lies between was never taken.
    const missingSeconds = (after - before) / FRAMES_PER_SECOND;
    const secondsAgo = Math.ceil((performance.now() - killedAt) / 1000) + 4;
    await page.getByTestId('past-range').fill(String(-secondsAgo));
    await inState('past');
    const past = await until(async () => (await counters()).past ?? undefined, { what: 'a picture of before' });
    expect(past).toBeLessThan(before);
    const startedAt = performance.now();
    const next = await until(
      async () => {
        const seen = (await counters()).past;
        return seen !== null && seen > before + FRAMES_PER_SECOND / 2 && seen;
      },
      { timeoutMs: 45_000, what: 'the picture after the restart' },
    );
    const took = (performance.now() - startedAt) / 1000;
    console.log(
      `up to ${missingSeconds.toFixed(1)} s missing; from ${past} over ${before} to ${next} in ${took.toFixed(1)} s`,
    );
    // The tile tells the truth on the other side too.
    await until(
      async () => {
        const { live, past: now } = await both();
        return Math.abs((await behindMs()) / 1000 - (live - now) / FRAMES_PER_SECOND) < 2.5;
      },
      { what: 'the true distance on the tile' },
    );
  });

  it('goes back over the whole window, plays on there, and says so when the picture has left the ring', async () => {
    // By now the ring is full: its oldest pictures are leaving it.
    await page.getByTestId('past-live').click();
    await inState('live');
    const { windowMs } = await line.api.station('or-1');
    const farthest = await until(async () => {
      const min = -Number(await page.getByTestId('past-range').getAttribute('min'));
      return min * 1000 > windowMs * 0.6 && min;
    });
    await page.getByTestId('past-range').fill(String(-farthest));
    const at = await until(
      async () => {
        const seen = await both();
        return (seen.live - seen.past) / FRAMES_PER_SECOND > farthest * 0.7 && seen;
      },
      { what: 'a picture of long ago' },
    );
    console.log(`the far end: ${((at.live - at.past) / FRAMES_PER_SECOND).toFixed(1)} s ago of ${farthest} s`);
    await until(async () => (await both()).past > at.past + 3 * FRAMES_PER_SECOND, { what: 'the past playing on' });
    // Held there, it runs out.
    await page.getByTestId('past-pause').click();
    await page.getByTestId('past-notice').waitFor({ timeout: windowMs });
    expect(await page.getByTestId('past-notice').innerText()).toContain('wieder live');
    await inState('live');
  });

  it('says that a part is gone, and is live again', async () => {
    const messaging = await Messaging.connect({ service: 'capture-edge', ...natsOf(line) });
    try {
      await page.getByTestId('past-back').click();
      await behindMs();
      await page.getByTestId('past-pause').click();
      await messaging.ring.purge('RING_or-1');
      await page.getByTestId('past-notice').waitFor();
      expect(await page.getByTestId('past-notice').innerText()).toContain('wieder live');
      await inState('live');
    } finally {
      await messaging.close();
    }
  });

  it('leaves the past when the procedure ends', async () => {
    await ringHolds(line, 'or-1', 8);
    await page.getByTestId('past-back').click();
    await inState('past');
    const { procedure } = await line.api.station('or-1');
    await line.api.endProcedure(procedure?.procedureId ?? '');
    await page.getByTestId('past-endoscope').waitFor({ state: 'hidden' });
  });
});
