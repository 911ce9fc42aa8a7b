import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { until } from '@smartbox/testing';
import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ringHolds, smallStation, startLine, type Line } from './support.ts';

/** Title of the tab that is shared. */
const SHARED = 'What the surgeon shows';

let line: Line;
let browser: Browser;

beforeAll(async () => {
  line = await startLine({
    stations: [{ ...smallStation, sources: [{ id: 'phone', name: 'Telefon', kind: 'whip', bitrate: 2_000_000 }] }],
    services: ['capture-edge', 'buffer', 'streaming', 'catalog'],
  });
  browser = await chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
    ],
  });
  await line.api.startProcedure({ stationId: 'or-1', emergency: {} });
});
afterAll(async () => {
  await browser?.close();
  await line?.stop();
});

describe('a phone as a camera', () => {
  it('sends from the page, is live in the room and in the buffer, and ends when it is told to', async () => {
    const phone = await browser.newContext({ viewport: { width: 412, height: 915 }, locale: 'de-DE' });
    const page = await phone.newPage();
    await page.goto(`${line.box.url}/ingest?to=or-1/phone`);
    await page.getByTestId('ingest-camera').click();
    await page.locator('[data-testid="ingest"][data-state="sending"]').waitFor({ timeout: 60_000 });
    // The page says when the room sees it, and what leaves the phone.
    await page.locator('[data-testid="ingest-seen"][data-seen="true"]').waitFor({ timeout: 60_000 });
    await until(async () => /\d+ × \d+.*Mbit\/s/.test(await page.getByTestId('ingest-figures').innerText()));

    const room = await browser.newContext({ viewport: { width: 1920, height: 1080 }, locale: 'de-DE' });
    const console_ = await room.newPage();
    await console_.goto(`${line.box.url}/console/or-1`);
    await console_.locator('[data-testid="live-phone"][data-state="live"]').waitFor({ timeout: 60_000 });
    await ringHolds(line, 'or-1', 3);
    const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag22aa']).analyze();
    expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([]);
    const screens = process.env['SCREENS'];
    if (screens) {
      mkdirSync(screens, { recursive: true });
      await page.screenshot({ path: join(screens, 'ingest-phone.png') });
      await console_.screenshot({ path: join(screens, 'console-ingest.png') });
    }

    await page.getByTestId('ingest-stop').click();
    await page.locator('[data-testid="ingest"][data-state="idle"]').waitFor();
    await until(async () => (await line.api.station('or-1')).sources[0]?.state === 'no-signal', { timeoutMs: 40_000 });
  }, 200_000);

  it('a screen that is shared is live in the room as it is', async () => {
    // Without a fake camera: that one would be what is shared, too.
    const sharer = await chromium.launch({
      executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', `--auto-select-tab-capture-source-by-title=${SHARED}`],
    });
    const desk = await sharer.newContext({ viewport: { width: 1280, height: 720 }, locale: 'de-DE' });
    const shared = await desk.newPage();
    // A colour that no test picture has, and something that moves.
    await shared.setContent(
      `<title>${SHARED}</title><style>body{margin:0;background:#f0f}
       i{position:absolute;top:0;width:9px;height:40px;background:#000;animation:m 1s infinite}
       @keyframes m{to{left:90%}}</style><i></i>`,
    );
    const page = await desk.newPage();
    await page.goto(`${line.box.url}/ingest?to=or-1/phone`);
    await page.getByTestId('ingest-screen').click();
    await page.locator('[data-testid="ingest"][data-state="sending"]').waitFor({ timeout: 60_000 });
    const room = await (await browser.newContext({ viewport: { width: 1920, height: 1080 } })).newPage();
    await room.goto(`${line.box.url}/console/or-1`);
    const tile = room.locator('[data-testid="live-phone"][data-state="live"]');
    await tile.waitFor({ timeout: 60_000 });
    const colour = () =>
      tile
        .locator('video')
        .first()
        .evaluate((element) => {
          const video = element as HTMLVideoElement;
          const canvas = new OffscreenCanvas(1, 1);
          const context = canvas.getContext('2d');
          const [x, y] = [video.videoWidth / 2, video.videoHeight / 2];
          context?.drawImage(video, x, y, 1, 1, 0, 0, 1, 1);
          return [...(context?.getImageData(0, 0, 1, 1).data ?? [])].slice(0, 3);
        });
    await until(
      async () => {
        const [red = 0, green = 255, blue = 0] = await colour();
        return red > 200 && green < 60 && blue > 200;
      },
      { timeoutMs: 40_000, what: 'the colour of the shared tab' },
    );
    await page.getByTestId('ingest-stop').click();
    await page.locator('[data-testid="ingest"][data-state="idle"]').waitFor();
    await until(async () => (await line.api.station('or-1')).sources[0]?.state === 'no-signal', { timeoutMs: 40_000 });
    await sharer.close();
  }, 200_000);

  it('a link to watch is none to send', async () => {
    const grant = async (publish: boolean) => {
      const response = await fetch(`${line.box.url}/api/v1/live-grants`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ stationId: 'or-1', sourceId: 'phone', publish }),
      });
      return (await response.json()) as { whepUrl: string; whipUrl?: string; token: string };
    };
    const post = async (url: string, token: string, method = 'POST') => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/sdp' };
      const response = await fetch(url, { method, headers, ...(method === 'POST' ? { body: 'v=0' } : {}) });
      return `${response.status} ${((await response.json().catch(() => ({}))) as { code?: string }).code ?? ''}`;
    };
    const [watch, send] = [await grant(false), await grant(true)];
    expect(watch.whipUrl).toBeUndefined();
    const whip = send.whipUrl ?? '';
    expect(await post(whip, watch.token)).toBe('403 live-token-other-use');
    expect(await post(watch.whepUrl, send.token)).toBe('403 live-token-other-use');
    expect(await post(whip, send.token)).toBe('422 no-common-codec');
    expect(await post(`${whip}/AAAAAAAAAAAAAAAAAAAAAA`, send.token, 'DELETE')).toBe('200 ');
  }, 30_000);
});
