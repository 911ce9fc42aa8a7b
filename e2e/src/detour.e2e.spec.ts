import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { decodeFrameCounter } from '@smartbox/media';
import { until } from '@smartbox/testing';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ringHolds, smallStation, startLine, type Line } from './support.ts';

let line: Line;
let browser: Browser;

beforeAll(async () => {
  line = await startLine({
    stations: [{ ...smallStation, sources: smallStation.sources.slice(0, 1) }],
    services: ['capture-edge', 'buffer', 'streaming', 'catalog'],
  });
  browser = await chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  });
  await line.api.startProcedure({ stationId: 'or-1', emergency: {} });
  await ringHolds(line, 'or-1', 8);
});
afterAll(async () => {
  await browser?.close();
  await line?.stop();
});

/** A console whose browser may send media over relays only, and has none: a network without UDP. */
async function openConsole(prepare: (context: BrowserContext) => Promise<void> = async () => {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1920, height: 1080 }, locale: 'de-DE' });
  context.setDefaultTimeout(30_000);
  await context.addInitScript(() => {
    const Real = RTCPeerConnection;
    const here = globalThis as unknown as { udpOpen?: boolean; RTCPeerConnection: unknown };
    here.RTCPeerConnection = class extends Real {
      constructor(configuration?: RTCConfiguration) {
        super({ ...configuration, ...(here.udpOpen ? {} : { iceTransportPolicy: 'relay' as const }) });
      }
    };
  });
  await prepare(context);
  const page = await context.newPage();
  await page.goto(`${line.box.url}/console/or-1`);
  return page;
}

const tile = (page: Page, attributes: string) => page.locator(`[data-testid="live-endoscope"]${attributes}`);

/** The burnt-in counter of the picture on the screen. */
async function counter(page: Page, video: number): Promise<number | null> {
  const picture = await tile(page, '').evaluate((element, index) => {
    const shown = element.querySelectorAll('video')[index];
    if (!shown || shown.videoWidth === 0) return null;
    const canvas = new OffscreenCanvas(shown.videoWidth, Math.ceil(shown.videoHeight / 8));
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context?.drawImage(shown, 0, 0);
    const pixels = context?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
    return { width: canvas.width, green: Array.from({ length: pixels.length / 4 }, (_, i) => pixels[i * 4 + 1] ?? 0) };
  }, video);
  return picture && decodeFrameCounter(picture.width, (x, y) => picture.green[y * picture.width + x] ?? 0);
}

async function screenshot(page: Page, name: string): Promise<void> {
  const screens = process.env['SCREENS'];
  if (!screens) return;
  mkdirSync(screens, { recursive: true });
  await page.screenshot({ path: join(screens, `${name}.png`) });
}

describe('where UDP is blocked', () => {
  it('the live picture comes over the WebSocket, says why, and goes back to WebRTC when that heals', async () => {
    const page = await openConsole();
    const from = performance.now();
    await tile(page, '[data-state="live"][data-transport="socket"][data-detour="udp"]').waitFor();
    console.log(`live over the WebSocket after ${(performance.now() - from).toFixed(0)} ms`);
    expect(await page.getByTestId('detour').innerText()).toContain('kein UDP');
    const first = await until(async () => (await counter(page, 0)) ?? undefined, { what: 'a picture' });
    const later = await until(
      async () => {
        const now = await counter(page, 0);
        return now !== null && now > first + 60 && now;
      },
      { what: 'two seconds of pictures' },
    );
    // The synthetic camera counts thirtieths of a second of this machine's monotonic clock.
    await until(
      async () => {
        const at = Number(process.hrtime.bigint() / 1_000_000n) / 1000;
        const behindSeconds = at - ((await counter(page, 0)) ?? -Infinity) / 30;
        console.log(`${(behindSeconds * 1000).toFixed(0)} ms from the camera to here`);
        return behindSeconds < 3;
      },
      { what: 'a picture that is not old' },
    );
    await screenshot(page, 'console-detour');
    await page.evaluate(() => void ((globalThis as { udpOpen?: boolean }).udpOpen = true));
    await tile(page, '[data-state="live"][data-transport="whep"]:not([data-detour])').waitFor();
    await until(async () => ((await counter(page, 0)) ?? 0) > later, { what: 'pictures by WebRTC' });
    await page.context().close();
  }, 90_000);

  it('and no WebSocket gets through either: the past, a few seconds behind, never called live', async () => {
    const page = await openConsole((context) => context.routeWebSocket(/\/live\//, (route) => route.close()));
    await tile(page, '[data-state="past"]').waitFor();
    expect(await page.getByTestId('past-ago').innerText()).toContain('Nicht live');
    expect(await page.getByTestId('detour').innerText()).toContain('Kein Live-Bild');
    const first = await until(async () => (await counter(page, 1)) ?? undefined, { what: 'a picture of the past' });
    await until(async () => ((await counter(page, 1)) ?? 0) > first + 30, { what: 'the past playing' });
    await page.evaluate(() => void ((globalThis as { udpOpen?: boolean }).udpOpen = true));
    await tile(page, '[data-state="live"][data-transport="whep"]').waitFor();
    await page.context().close();
  }, 90_000);
});
