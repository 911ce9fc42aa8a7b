import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { EditView, ExportView } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { decodeFrameCounter } from '@smartbox/media';
import { frameCounters } from '@smartbox/media/native';
import { until } from '@smartbox/testing';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fetchFromPacs, reached, save, smallStation, startLine, startProcedure, type Line } from './support.ts';

/** Where screenshots go when they are wanted: `SCREENS=docs/screens npx vitest run --project e2e editor`. */
const screens = process.env['SCREENS'];
const PATIENCE = 60_000;

let line: Line;
let browser: Browser;
let page: Page;
let clipId: string;
let folder: string;
const complaints: string[] = [];

beforeAll(async () => {
  line = await startLine({ stations: [{ ...smallStation, sources: smallStation.sources.slice(0, 1) }] });
  folder = await mkdtemp(join(tmpdir(), 'smartbox-e2e-editor-'));
  browser = await chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  });
  await startProcedure(line, 'or-1', 6);
  await ask('POST', '/stations/or-1/markers', z.unknown(), { markerId: newId(), label: 'Ductus cysticus' });
  clipId = await save(line, 'or-1', 10);
  await reached(line, clipId, 'sent');
  page = await openPage();
});
afterAll(async () => {
  await browser?.close();
  await line?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function openPage(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    locale: 'de-DE',
    timezoneId: 'Europe/Berlin',
    hasTouch: true,
    reducedMotion: 'reduce',
    ...options,
  });
  context.setDefaultTimeout(PATIENCE);
  const opened = await context.newPage();
  opened.on('pageerror', (error) => complaints.push(error.message));
  opened.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text());
  });
  return opened;
}

async function ask<T>(method: string, path: string, schema: z.ZodType<T>, body?: unknown): Promise<T> {
  const response = await fetch(`${line.box.url}/api/v1${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return schema.parse(await response.json());
}
const edits = () => ask('GET', `/clips/${clipId}/edits`, z.object({ items: z.array(EditView) }));
const exports = () => ask('GET', `/clips/${clipId}/exports`, z.object({ items: z.array(ExportView) }));

async function shot(name: string, of = page): Promise<void> {
  if (!screens) return;
  mkdirSync(screens, { recursive: true });
  await of.screenshot({ path: join(screens, `editor-${name}.png`) });
}

async function accessible(of = page): Promise<void> {
  const { violations } = await new AxeBuilder({ page: of }).withTags(['wcag2a', 'wcag2aa', 'wcag22aa']).analyze();
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`)).toEqual([]);
}

/** The burnt-in counter of the picture on the screen. */
async function shownCounter(of = page): Promise<number | null> {
  const picture = await of.getByTestId('film-video').evaluate((element) => {
    const video = element as HTMLVideoElement;
    const { videoWidth: width, videoHeight: height } = video;
    if (width === 0 || video.readyState < 2 || video.seeking) return null;
    const canvas = new OffscreenCanvas(width, Math.ceil(height / 8));
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context?.drawImage(video, 0, 0);
    const pixels = context?.getImageData(0, 0, width, canvas.height).data ?? [];
    return { width, green: Array.from({ length: width * canvas.height }, (_, i) => pixels[i * 4 + 1] ?? 0) };
  });
  return picture && decodeFrameCounter(picture.width, (x, y) => picture.green[y * picture.width + x] ?? 0);
}
const frame = async (of = page) => Number(await of.getByTestId('film-video').getAttribute('data-frame'));

/** Taps the timeline near this frame, then steps to it; gives the counter that the picture carries. */
async function goTo(wanted: number, frames: number): Promise<number> {
  const box = (await page.getByTestId('strip').boundingBox())!;
  await page.touchscreen.tap(box.x + ((wanted + 0.5) / frames) * box.width, box.y + box.height * 0.7);
  await expect.poll(async () => Math.abs((await frame()) - wanted), { timeout: PATIENCE }).toBeLessThan(3);
  for (let left = wanted - (await frame()); left !== 0; left -= Math.sign(left)) {
    const before = await frame();
    await page.keyboard.press(left > 0 ? '.' : ',');
    await expect.poll(() => frame(), { timeout: PATIENCE }).toBe(before + Math.sign(left));
  }
  return until(async () => (await shownCounter()) ?? undefined, { what: 'a counter in the picture' });
}

/** The file behind an address, fetched in two halves as a download that broke and went on. */
async function download(address: string, name: string): Promise<{ path: string; sha256: string; resumed: number }> {
  const url = `${line.box.url}${address}`;
  const first = await fetch(url, { headers: { range: 'bytes=0-9999' } });
  const etag = first.headers.get('etag') ?? '';
  const rest = await fetch(url, { headers: { range: 'bytes=10000-', 'if-range': etag } });
  const parts = [Buffer.from(await first.arrayBuffer()), Buffer.from(await rest.arrayBuffer())];
  const bytes = Buffer.concat(parts);
  const path = join(folder, name);
  await writeFile(path, bytes);
  return { path, sha256: createHash('sha256').update(bytes).digest('hex'), resumed: rest.status };
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('the editor on the real system', () => {
  it('cuts in three touches; the result is exactly what was on the screen between them', async () => {
    await page.goto(`${line.box.url}/recordings/${clipId}`);
    await page.getByTestId('open-editor').click();
    await page.getByTestId('editor').waitFor();
    const frames = Number(await page.getByTestId('editor').getAttribute('data-frames'));
    expect(frames).toBeGreaterThan(150);
    await expect.poll(() => shownCounter(), { timeout: PATIENCE }).not.toBeNull();
    const begin = await goTo(37, frames);
    let touches = 0;
    const touch = async (id: string) => {
      touches += 1;
      await page.getByTestId(id).tap();
    };
    await touch('set-in');
    const end = await goTo(frames - 26, frames);
    await touch('set-out');
    await shot('cut-de');
    await touch('save-cut');
    expect(touches).toBe(3);
    const edit = await until(async () => (await edits()).items.find(({ state }) => state === 'ready'), {
      timeoutMs: 90_000,
      what: 'the cut',
    });
    await page.locator('[data-testid^="edit-"][data-state="ready"]').waitFor();
    const film = await download(edit.videoUrl ?? '', 'cut.mp4');
    expect(film.sha256).toBe(edit.sha256);
    expect(await frameCounters(film.path)).toEqual(range(begin, end));
    expect((edit.copiedFrames ?? 0) + (edit.reencodedFrames ?? 0)).toBe(end - begin + 1);
    expect(edit.copiedFrames).toBeGreaterThan((end - begin) / 2);
    await accessible();
  });

  it('takes an inner part out, enhanced through the filters of the preview, and sends it to the archive', async () => {
    await page.reload();
    await page.getByTestId('editor').waitFor();
    const frames = Number(await page.getByTestId('editor').getAttribute('data-frames'));
    await expect.poll(() => shownCounter(), { timeout: PATIENCE }).not.toBeNull();
    const first = (await shownCounter()) ?? NaN;
    const from = await goTo(50, frames);
    await page.keyboard.press('s');
    const to = await goTo(100, frames);
    await page.keyboard.press('s');
    await page.keyboard.press(',');
    await expect.poll(() => frame(), { timeout: PATIENCE }).toBe(99);
    await page.keyboard.press('Delete');
    await page.getByTestId('cut-50-100').waitFor();
    await page.getByTestId('edit-name').fill('Ohne Umlagerung');
    await page
      .getByTestId(/^edit-send-/)
      .first()
      .check();
    await page.getByText('Bild', { exact: true }).click();
    await page.getByTestId('recipe-endoscopy').check();
    await page.locator('[data-testid=preview][data-state=ready]').waitFor();
    await shot('enhance-de');
    await accessible();
    await page.getByTestId('save-cut').click();
    const edit = await until(
      async () => (await edits()).items.find(({ name, state }) => name === 'Ohne Umlagerung' && state === 'ready'),
      { timeoutMs: 120_000, what: 'the enhanced cut' },
    );
    const film = await download(edit.videoUrl ?? '', 'enhanced.mp4');
    expect(await frameCounters(film.path)).toEqual([...range(first, from - 1), ...range(to, first + frames - 1)]);
    expect(edit.reencodedFrames).toBe(frames - 50);
    expect(edit.quality?.passed).toBe(true);
    const sent = await until(
      async () => (await line.api.clip(clipId)).instances.find(({ payloadSha256 }) => payloadSha256 === film.sha256),
      { timeoutMs: 60_000, what: 'the DICOM object of the cut' },
    );
    const archived = await fetchFromPacs(line, sent.sopInstanceUid);
    expect(archived.counters).toEqual([...range(first, from - 1), ...range(to, first + frames - 1)]);
    expect(archived.payloadSha256).toBe(film.sha256);
  });

  it('exports several profiles at once, concealed; the download goes on where it broke', async () => {
    await page.getByText('Verdecken', { exact: true }).click();
    await page.getByTestId('add-region').click();
    await shot('conceal-de');
    await page.getByTestId('open-export').click();
    await page.getByTestId('export-of').selectOption('');
    await page.getByTestId('profile-pacs').check();
    await page.getByTestId('start-export').click();
    const running = page.locator('[data-testid^="export-"][data-state]');
    await running.first().waitFor();
    await shot('export-de');
    const ready = await until(
      async () => {
        const { items } = await exports();
        return items.length === 2 && items.every(({ state }) => state === 'ready') ? items : undefined;
      },
      { timeoutMs: 240_000, what: 'two exports' },
    );
    const mobile = ready.find(({ profile }) => profile === 'mobile')!;
    const file = await download(mobile.downloadUrl ?? '', 'mobile.mp4');
    expect([file.sha256, file.resumed]).toEqual([mobile.sha256, 206]);
    const source = (await line.api.clip(clipId)).sources[0]!;
    expect((await frameCounters(file.path)).length).toBe(source.frames);
    await page.locator('[data-testid^="export-"][data-state=ready]').nth(1).waitFor();
    await shot('export-ready-de');
    await accessible();
  });

  it('plays a streaming export where it lies', async () => {
    const source = (await line.api.clip(clipId)).sources[0]!;
    const of = { sourceId: source.sourceId };
    await ask('POST', `/clips/${clipId}/exports`, z.unknown(), { exportId: newId(), profiles: ['streaming'], of });
    await page.goto(`${line.box.url}/recordings/${clipId}`);
    const made = page.locator('[data-testid^="export-"][data-profile=streaming][data-state=ready]');
    await made.waitFor({ timeout: 180_000 });
    await made.getByTestId('play-export').click();
    const look = () =>
      made.getByTestId('export-video').evaluate((element) => {
        const { currentTime, duration, error } = element as HTMLVideoElement;
        return { currentTime, duration, error: error?.message };
      });
    await expect.poll(async () => (await look()).currentTime, { timeout: PATIENCE }).toBeGreaterThan(1);
    expect((await look()).error).toBeUndefined();
    expect((await look()).duration).toBeCloseTo(source.durationMs / 1000, 0);
    await accessible();
    await shot('streaming-de');
  });

  it('shows versions, original first, and the curve of what was coded anew', async () => {
    await page.goto(`${line.box.url}/recordings/${clipId}`);
    const versions = page.getByTestId('versions').locator('> li');
    await expect.poll(() => versions.count(), { timeout: PATIENCE }).toBe(3);
    expect(await versions.first().innerText()).toContain('Original');
    await page.getByTestId('quality-plot').waitFor();
    await accessible();
    if (screens) await page.screenshot({ path: join(screens, 'editor-versions-de.png'), fullPage: true });
  });

  it.each([
    ['desk', { viewport: { width: 1440, height: 900 } }],
    ['touch', { viewport: { width: 1920, height: 1080 } }],
    ['phone', { viewport: { width: 390, height: 844 }, isMobile: true, deviceScaleFactor: 2 }],
  ] as const)('fits and is accessible: %s, in both languages', async (name, size) => {
    for (const locale of ['de-DE', 'en-GB']) {
      const other = await openPage({ ...size, locale, colorScheme: locale === 'de-DE' ? 'light' : 'dark' });
      await other.goto(`${line.box.url}/clips/${clipId}/edit`);
      await other.getByTestId('editor').waitFor();
      await expect.poll(() => shownCounter(other), { timeout: PATIENCE }).not.toBeNull();
      await other.getByTestId('handle-from').focus();
      for (let i = 0; i < 2; i += 1) await other.keyboard.press('PageUp');
      await expect.poll(() => frame(other), { timeout: PATIENCE }).toBe(60);
      await accessible(other);
      await shot(`${name}-${locale.slice(0, 2)}`, other);
      await other.context().close();
    }
  });

  it('nothing was blocked by the content security policy and nothing threw', () => {
    expect(complaints.filter((text) => !/fetch|network|ERR_/i.test(text))).toEqual([]);
  });
});
