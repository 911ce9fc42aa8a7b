import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { until } from '@smartbox/testing';
import { chromium, type Browser, type Locator, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FullCore } from './full-core.ts';
import { reached, ringHolds, save, smallStation, startLine, type Line } from './support.ts';

const SOURCES = ['endoscope', 'room'];
const PATIENCE = 60_000;

let line: Line;
let browser: Browser;
let watching: Page;
let core: FullCore | undefined;

beforeAll(async () => {
  line = await startLine({
    stations: [smallStation],
    services: ['capture-edge', 'buffer', 'streaming', 'catalog'],
  });
  browser = await chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic'],
  });
  await line.api.startProcedure({ stationId: 'or-1', emergency: {} });
  await ringHolds(line, 'or-1', 3);
  watching = await open('de-DE', '/rooms/or-1');
  for (const source of SOURCES) await tile(watching, source, 'live').waitFor({ timeout: PATIENCE });
});
afterEach(() => core?.free());
afterAll(async () => {
  await browser?.close();
  await line?.stop();
});

async function open(locale: string, path: string): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1600, height: 900 }, locale })).newPage();
  page.setDefaultTimeout(PATIENCE);
  await page.goto(`${line.box.url}${path}`);
  return page;
}

const tile = (page: Page, source: string, state?: string): Locator =>
  page.locator(`[data-testid="live-${source}"]${state === undefined ? '' : `[data-state="${state}"]`}`);

/** Pictures that are painted from now on in the tile of each source; a tile that connects again counts on. */
function painted(): () => Promise<number[]> {
  const last = new Map<string, number>();
  const sums = new Map<string, number>();
  return () =>
    Promise.all(
      SOURCES.map(async (source) => {
        const now = Number(await tile(watching, source).getAttribute('data-frames'));
        const before = last.get(source) ?? now;
        last.set(source, now);
        sums.set(source, (sums.get(source) ?? 0) + (now < before ? now : now - before));
        return sums.get(source) ?? 0;
      }),
    );
}

/** How late the capture is, as the streaming service knows it, ms. */
async function lateMs(): Promise<number> {
  const text = await (await fetch(`${line.box.service('streaming').url}/metrics`)).text();
  return 1000 * Number(/^smartbox_live_capture_late_seconds(?:\{[^}]*\})? (\S+)$/m.exec(text)?.[1] ?? NaN);
}

/** Another viewer asks to come; one that may is gone again at once. */
async function ask(): Promise<Response> {
  const grant = await fetch(`${line.box.url}/api/v1/live-grants`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ stationId: 'or-1', sourceId: 'room' }),
  });
  const { whepUrl, token } = (await grant.json()) as { whepUrl: string; token: string };
  const offer = await watching.evaluate(async () => {
    const peer = new RTCPeerConnection();
    peer.addTransceiver('video', { direction: 'recvonly' });
    const { sdp } = await peer.createOffer();
    peer.close();
    return sdp ?? '';
  });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/sdp' };
  const answer = await fetch(whepUrl, { method: 'POST', headers, body: offer });
  const session = answer.headers.get('location');
  if (session !== null) await fetch(new URL(session, whepUrl), { method: 'DELETE', headers });
  return answer;
}

/** Fills the core of the capture until viewers are refused; the load is taken away again then. */
async function untilRefused(): Promise<{ refused: Response; tookMs: number }> {
  const filled = (core = new FullCore(line.box.service('capture-edge').pid));
  const begun = performance.now();
  const refused = await until(
    async () => {
      // What is told is a second old: no more than what just makes it late.
      if ((await lateMs()) < 100) filled.more();
      const answer = await ask();
      return answer.status === 503 && answer;
    },
    { timeoutMs: 90_000, intervalMs: 1_500, what: 'a viewer is refused' },
  );
  const tookMs = performance.now() - begun;
  const { nicenesses } = filled;
  console.log(
    `refused after ${(tookMs / 1000).toFixed(1)} s with neighbours of niceness ${nicenesses.join(', ')}, ${await lateMs()} ms late`,
  );
  return { refused, tookMs };
}

const admitted = () =>
  until(async () => (await ask()).status === 201, { timeoutMs: PATIENCE, what: 'a viewer may come' });

async function picture(page: Page, name: string): Promise<void> {
  const screens = process.env['SCREENS'];
  if (!screens) return;
  mkdirSync(screens, { recursive: true });
  await page.screenshot({ path: join(screens, name) });
}

describe('a machine whose capture is late', () => {
  it('refuses new viewers, goes on for the others, loses no picture, and lets in again', async () => {
    const newcomer = await open('de-DE', '/recordings');
    const begunAt = Date.now();
    const { refused } = await untilRefused();
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const detail: unknown = expect.stringMatching(/^the capture on this machine is late .* try again in some seconds$/);
    expect(await refused.json()).toMatchObject({ status: 503, code: 'overloaded', detail });

    // From here on it catches up; nobody else is let in before it is on time again for five seconds.
    core?.free();
    const count = painted();
    await newcomer.goto(`${line.box.url}/rooms/or-1`);
    // There is a past to show meanwhile, and the reason for it.
    await tile(newcomer, 'room', 'past').waitFor();
    await until(async () => (await newcomer.getByTestId('detour').first().innerText()).includes('Kein Platz'));
    await until(async () => (await count()).every((pictures) => pictures > 30), {
      timeoutMs: 20_000,
      what: 'a second of pictures for those who watched already',
    });
    expect(await watching.getByTestId('no-room').count()).toBe(0);
    await admitted();
    for (const source of SOURCES) await tile(newcomer, source, 'live').waitFor();
    await newcomer.context().close();

    const clipId = await save(line, 'or-1', Math.ceil((Date.now() - begunAt) / 1000));
    const clip = await reached(line, clipId, 'saved');
    expect(clip.sources.map(({ sourceId }) => sourceId).sort()).toEqual(SOURCES);
    for (const { gaps, frames: count, durationMs } of clip.sources) {
      console.log(`${count} frames in ${(durationMs / 1000).toFixed(1)} s, gaps ${JSON.stringify(gaps)}`);
      expect([gaps, count]).toEqual([[], Math.round((durationMs * 30) / 1000)]);
      expect(durationMs).toBeGreaterThan((Date.now() - begunAt) * 0.7);
    }
  }, 300_000);

  it('says so on the tile, and that it asks again', async () => {
    const { procedure } = await line.api.station('or-1');
    await line.api.endProcedure(procedure?.procedureId ?? '');
    const newcomer = await open('en-GB', '/recordings');
    await untilRefused();
    core?.free();
    await newcomer.goto(`${line.box.url}/rooms/or-1`);
    const refused = tile(newcomer, 'room', 'no-room');
    await refused.waitFor();
    expect(await refused.getByTestId('no-room').innerText()).toMatch(/recording comes first.*asked again/s);
    await picture(newcomer, 'room-no-room.png');
    const { violations } = await new AxeBuilder({ page: newcomer })
      .withTags(['wcag2a', 'wcag2aa', 'wcag22aa'])
      .analyze();
    expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([]);
    for (const source of SOURCES) await tile(newcomer, source, 'live').waitFor();
    expect(await newcomer.getByTestId('no-room').count()).toBe(0);
    await newcomer.context().close();
  }, 300_000);
});
