import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessibilityFaults, builtDashboard, launchBrowser, openPage } from './browser.ts';
import { Door } from './door.ts';
import { clips } from './fixture-data.ts';
import { FixtureServer } from './fixture-server.ts';

let browser: Browser;
let server: FixtureServer;

beforeAll(async () => {
  server = new FixtureServer(await builtDashboard());
  server.clips = clips.filter((c) => c.state !== 'failed');
  new Door(server);
  await server.start();
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const phone = { width: 390, height: 844 };
const desk = { width: 1440, height: 900 };
const panel = { width: 1920, height: 1080 };

describe('every screen', () => {
  const screens = [
    '/',
    '/rooms/or-1',
    '/ingest',
    '/recordings',
    `/recordings/${clips[0]!.clipId}`,
    '/deliveries',
    '/admin/stations',
    '/admin/stations/or-1',
    '/admin/stations/or-1/devices',
    '/admin/set-up',
    '/admin/destinations',
    '/admin/retention',
    '/admin/webhooks',
    '/admin/webhooks/teaching-portal',
    '/admin/given-up',
    '/account',
    '/set-up',
    '/admin/accounts',
    '/admin/tokens',
    '/admin/panels',
    '/admin/audit',
    '/design',
    '/console/or-1',
    '/console/or-1/keys',
  ];

  it.each(screens)('%s fits a phone and a desk, in German and English, with nothing untranslated', async (path) => {
    for (const [viewport, locale] of [
      [phone, 'de-DE'],
      [desk, 'en-GB'],
    ] as const) {
      const { page, complaints } = await openPage(browser, server.url + path, { viewport, locale });
      await page.locator('h1').first().waitFor();
      await page
        .getByTestId('loading')
        .first()
        .waitFor({ state: 'detached', timeout: path === '/design' ? 1 : 10_000 })
        .catch(() => undefined);
      const wide = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
      expect(await page.evaluate<number>(wide), `${path} at ${viewport.width}`).toBeLessThanOrEqual(0);
      // A key of the texts that has no text is shown as itself.
      expect(await page.locator('body').innerText()).not.toMatch(
        /\b[a-z]+[A-Za-z]*\.[a-z]+[A-Za-z]*_(one|other)\b|\{\{/,
      );
      expect(complaints).toEqual([]);
      await page.context().close();
    }
  });
});

describe('the design system', () => {
  it.each([
    ['de-DE', 'light', desk],
    ['en-GB', 'dark', panel],
  ] as const)(
    'shows every component without a fault of accessibility: %s, %s',
    async (locale, colorScheme, viewport) => {
      // prettier-ignore
      const { page } = await openPage(browser, `${server.url}/design`, { viewport, locale, colorScheme });
      await page.locator('[data-testid=save-card]').first().waitFor();
      expect(await page.locator('[data-testid=save-card]').count()).toBe(3);
      expect(await accessibilityFaults(page)).toEqual([]);
      // A page that is not drawn compresses to next to nothing.
      expect((await page.screenshot({ fullPage: true })).length).toBeGreaterThan(60_000);
      await page.context().close();
    },
  );
});
