import { until } from '@smartbox/testing';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallStation, startLine, type Line } from './support.ts';

let line: Line;
let browser: Browser;

beforeAll(async () => {
  line = await startLine({
    stations: [smallStation],
    services: ['capture-edge', 'buffer', 'streaming', 'catalog'],
    streamingInstances: 2,
    // A room of two cameras fills one instance.
    env: { streaming: { MAX_WORKERS: '1', VIEWERS_PER_WORKER: '2', SOCKET_VIEWERS: '2' } },
  });
  browser = await chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic'],
  });
});
afterAll(async () => {
  await browser?.close();
  await line?.stop();
});

const sources = ['endoscope', 'room'];

async function watch(): Promise<{ page: Page; refused: string[] }> {
  const page = await (await browser.newContext({ viewport: { width: 1920, height: 1080 } })).newPage();
  const refused: string[] = [];
  page.on('console', (message) => void (message.type() === 'error' && refused.push(message.text())));
  await page.goto(line.box.url);
  return { page, refused };
}

async function isLive(page: Page, transport: 'whep' | 'socket'): Promise<void> {
  for (const source of sources) {
    const tile = page.locator(`[data-testid="live-${source}"][data-state="live"][data-transport="${transport}"]`);
    await tile.waitFor({ timeout: 60_000 });
    const frames = async () => Number(await tile.getAttribute('data-frames'));
    const before = await frames();
    await expect.poll(frames, { timeout: 30_000 }).toBeGreaterThan(before + 10);
  }
}

/** WHEP sessions of both instances, one line each. */
async function sessions(): Promise<number[]> {
  const counts = ['streaming', 'streaming-2'].map(async (name) => {
    const text = await (await fetch(`${line.box.service(name).url}/metrics`)).text();
    return Number(/^smartbox_live_viewers(?:\{[^}]*\})? (\S+)$/m.exec(text)?.[1] ?? NaN);
  });
  return (await Promise.all(counts)).sort();
}

describe('two streaming instances', () => {
  it('carry two desks with both cameras of a room, one session each; the third desk goes by WebSocket', async () => {
    const first = await watch();
    await isLive(first.page, 'whep');
    // Both cameras of the room in one session.
    expect(await sessions()).toEqual([0, 1]);
    const second = await watch();
    await isLive(second.page, 'whep');
    expect(await sessions()).toEqual([1, 1]);
    const third = await watch();
    await isLive(third.page, 'socket');
    for (const { page, refused } of [first, second, third]) {
      // The policy of the page lets it go where it is sent.
      expect(refused.filter((text) => /Content Security Policy|blocked by CORS/i.test(text))).toEqual([]);
      await page.context().close();
    }
    await until(async () => (await sessions()).join() === '0,0', { what: 'nobody watches' });
  }, 200_000);

  it('one of them killed: the room is live again from the other one', async () => {
    const { page } = await watch();
    await isLive(page, 'whep');
    expect(await sessions()).toEqual([0, 1]);
    const [busy = ''] = await carriers();
    line.box.service(busy).kill('SIGKILL');
    await until(async () => (await page.getByTestId('live-room').getAttribute('data-state')) !== 'live');
    await isLive(page, 'whep');
    await page.context().close();
  }, 200_000);
});

/** The instances that have a viewer. */
async function carriers(): Promise<string[]> {
  const found: string[] = [];
  for (const name of ['streaming', 'streaming-2']) {
    const text = await (await fetch(`${line.box.service(name).url}/metrics`)).text();
    if (/^smartbox_live_viewers(?:\{[^}]*\})? 1$/m.test(text)) found.push(name);
  }
  return found;
}
