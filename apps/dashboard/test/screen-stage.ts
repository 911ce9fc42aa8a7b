import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { accessibilityFaults, builtDashboard, launchBrowser, openPage } from './browser.ts';
import type { Screen } from './browser.ts';
import { FixtureServer } from './fixture-server.ts';

/** The built app in Chromium over a server of its own for each test of one spec file; what its pages complain about fails the test. */
export class ScreenStage {
  server!: FixtureServer;
  #browser!: Browser;
  #opened: Screen[] = [];

  /** @param prepare the server, before it listens */
  constructor(prepare: (server: FixtureServer) => void = () => undefined) {
    let dist = '';
    beforeAll(async () => {
      dist = await builtDashboard();
      this.#browser = await launchBrowser();
    });
    afterAll(() => this.#browser?.close());
    beforeEach(async () => {
      this.server = new FixtureServer(dist);
      prepare(this.server);
      await this.server.start();
    });
    afterEach(async () => {
      await this.close();
      const complaints = this.#opened.flatMap((screen) => screen.complaints);
      this.#opened = [];
      await this.server.stop();
      expect(complaints).toEqual([]);
    });
  }

  async open(path: string, options: BrowserContextOptions = {}): Promise<Page> {
    const screen = await openPage(this.#browser, this.server.url + path, options);
    this.#opened.push(screen);
    return screen.page;
  }

  /** Every page that is open. */
  async close(): Promise<void> {
    for (const { page } of this.#opened) await page.context().close();
  }

  asked(method: string, path: string) {
    return this.server.requests.filter((request) => request.method === method && request.path === path);
  }
}

/** A busy machine takes its time; what is proven is that it happens. */
export const eventually = <T>(look: () => T | Promise<T>) => expect.poll(look, { timeout: 15_000 });

/** Holds the page to WCAG, and keeps a picture where they are wanted: `SCREENS=docs/screens npx vitest run --project int account`. */
export async function shoot(page: Page, name: string): Promise<void> {
  expect(await accessibilityFaults(page), name).toEqual([]);
  const folder = process.env['SCREENS'];
  if (folder === undefined) return;
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
