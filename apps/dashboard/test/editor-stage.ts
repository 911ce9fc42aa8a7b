import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { remux, writeSyntheticVideo } from '@smartbox/media/native';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { builtDashboard, launchBrowser, openPage } from './browser.ts';
import type { Screen } from './browser.ts';
import { counterOf } from './counter.ts';
import { EditDesk, filmed } from './editor-fixture.ts';
import { FixtureServer } from './fixture-server.ts';

/** Frames of every film; each carries its number as a burnt-in counter. */
export const FRAMES = 120;
const rates = {
  '25': { num: 25, den: 1 },
  '29-97': { num: 30_000, den: 1001 },
  '30': { num: 30, den: 1 },
  '60': { num: 60, den: 1 },
  /** Its counters begin at LATE. */
  late: { num: 30, den: 1 },
} as const;
export const LATE = 1000;
type Rate = keyof typeof rates;
export const film = (rate: Rate, frames = FRAMES, n = 1) => filmed(frames, rates[rate], `cam-${rate}`, n);
export const framesPerSecond = (rate: Rate): number => rates[rate].num / rates[rate].den;

/** The built app in Chromium over films at these rates, for one spec file. */
export class EditorStage {
  browser!: Browser;
  server!: FixtureServer;
  desk!: EditDesk;
  /** The films are there, by the name of their source. */
  folder = '';
  #screen: Screen | undefined;

  constructor(...needed: Rate[]) {
    let dist = '';
    beforeAll(async () => {
      const folder = mkdtempSync(join(tmpdir(), 'smartbox-editor-'));
      for (const rate of needed) {
        const raw = join(folder, 'raw.mp4');
        const fps = framesPerSecond(rate);
        await writeSyntheticVideo(raw, {
          width: 640,
          height: 360,
          frames: FRAMES,
          fps,
          gop: 30,
          firstCounter: rate === 'late' ? LATE : 0,
        });
        await remux(raw, join(folder, `cam-${rate}.mp4`));
      }
      this.folder = folder;
      dist = await builtDashboard();
      this.browser = await launchBrowser();
    });
    afterAll(async () => {
      await this.browser?.close();
      rmSync(this.folder, { recursive: true, force: true });
    });
    beforeEach(async () => {
      this.server = new FixtureServer(dist, this.folder);
      this.desk = new EditDesk(film('25'));
      this.server.more = (asked) => this.desk.answer(asked);
      await this.server.start();
    });
    afterEach(async () => {
      const complaints = this.#screen?.complaints ?? [];
      await this.#screen?.page.context().close();
      this.#screen = undefined;
      await this.server.stop();
      expect(complaints).toEqual([]);
    });
  }

  async visit(path: string, options: BrowserContextOptions = {}): Promise<Page> {
    this.#screen = await openPage(this.browser, this.server.url + path, {
      viewport: { width: 1440, height: 900 },
      ...options,
    });
    return this.#screen.page;
  }

  /** The editor with its first picture. */
  async open(options: BrowserContextOptions = {}): Promise<Page> {
    const page = await this.visit(`/clips/${this.desk.detail.clipId}/edit`, options);
    await page.getByTestId('editor').waitFor();
    await eventually(() => video(page).evaluate((v) => (v as HTMLVideoElement).readyState >= 2)).toBe(true);
    return page;
  }
}

/** A busy machine takes its time; what is proven is that it happens. */
export const eventually = <T>(look: () => T | Promise<T>) => expect.poll(look, { timeout: 20_000 });
export const video = (page: Page): Locator => page.getByTestId('film-video');
export const shown = (page: Page) => video(page).getAttribute('data-frame').then(Number);
/** The number on the screen is the picture on the screen. */
export async function at(page: Page, frame: number): Promise<void> {
  await eventually(() => counterOf(video(page))).toBe(frame);
  await eventually(() => shown(page)).toBe(frame);
}
export const spans = (page: Page, what: 'part' | 'cut') =>
  page.getByTestId(new RegExp(`^${what}-\\d`)).evaluateAll((all) => all.map((one) => one.getAttribute('data-testid')));
/** Where a frame stands on the whole timeline. */
export async function strip(page: Page, frame: number): Promise<{ x: number; y: number }> {
  const box = (await page.getByTestId('strip').boundingBox())!;
  return { x: box.x + ((frame + 0.5) / FRAMES) * box.width, y: box.y + box.height * 0.7 };
}

interface Point {
  x: number;
  y: number;
}
/** Fingers on the glass, each along its way: what Chromium makes of real touches, pointer events and all. */
export async function touch(page: Page, ...ways: (readonly [Point, Point])[]): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const steps = 6;
  const at = (step: number) =>
    ways.map(([from, to], id) => ({
      x: from.x + ((to.x - from.x) * step) / steps,
      y: from.y + ((to.y - from.y) * step) / steps,
      id,
    }));
  await session.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: at(0) });
  for (let step = 1; step <= steps; step += 1)
    await session.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: at(step) });
  await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await session.detach();
}
