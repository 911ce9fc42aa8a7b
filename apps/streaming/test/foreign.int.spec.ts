import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '@smartbox/testing';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPage, receivedFrom, shown, startBrowser } from './browser.ts';
import { Camera } from './camera.ts';
import { startService, token, type Service } from './service.ts';

const run = promisify(execFile);
const require = createRequire(import.meta.url);

/** Players that others wrote. */
describe('foreign WHEP clients', () => {
  let service: Service;
  let camera: Camera;
  let browser: Browser;

  beforeAll(async () => {
    service = await startService({ MAX_WORKERS: '1', ICE_SERVERS: '' });
    camera = await Camera.start(service.edge, 'or-1', 'scope', { gop: 300 });
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await camera?.stop();
    await service?.close();
  });

  const url = () => `${service.url}/whep/or-1/scope`;
  const viewers = () => service.metric('smartbox_live_viewers');

  it('aiortc decodes every frame, in order', async () => {
    const script = join(import.meta.dirname, 'aiortc-viewer.py');
    const { stdout } = await run('/usr/bin/python3', [script, url(), token(), '60'], { timeout: 40_000 });
    const { counters, state } = JSON.parse(stdout) as { counters: (number | null)[]; state: string };
    expect(state).toBe('connected');
    const first = counters[0] ?? -1;
    console.log(`aiortc: ${counters.length} frames from ${first}`);
    expect(counters).toEqual(Array.from({ length: 60 }, (_, i) => first + i));
    await until(async () => (await viewers()) === 0);
  }, 60_000);

  it('whip-whep in Chromium trickles its candidates and decodes', async () => {
    const page = await openPage(browser, `${service.url}/healthz`);
    const source = readFileSync(require.resolve('whip-whep/whep.js'), 'utf8');
    await page.addScriptTag({ type: 'module', content: `${source}\nglobalThis.WHEPClient = WHEPClient;` });
    await page.waitForFunction(() => 'WHEPClient' in globalThis);
    const outcome = await page.evaluate(
      async ({ url, token }) => {
        const { WHEPClient } = globalThis as unknown as {
          WHEPClient: new () => {
            view(peer: RTCPeerConnection, url: string, token: string): Promise<void>;
            restart(): Promise<void>;
            stop(): Promise<void>;
          };
        };
        const peer = new RTCPeerConnection();
        peer.addTransceiver('video', { direction: 'recvonly' });
        const video = document.createElement('video');
        video.muted = true;
        document.body.append(video);
        const seen: { counter: number | null; at: number }[] = [];
        const { readCounter } = globalThis as unknown as {
          readCounter: (w: number, d: Uint8ClampedArray) => number | null;
        };
        const context = new OffscreenCanvas(640, 40).getContext('2d', { willReadFrequently: true });
        const frame = () => {
          context?.drawImage(video, 0, 0);
          const data = context?.getImageData(0, 0, 640, 40).data;
          seen.push({ counter: data ? readCounter(640, data) : null, at: 0 });
          video.requestVideoFrameCallback(frame);
        };
        video.requestVideoFrameCallback(frame);
        peer.ontrack = ({ streams, track }) => {
          video.srcObject = streams[0] ?? new MediaStream([track]);
          void video.play();
        };
        const client = new WHEPClient();
        Object.assign(globalThis, {
          players: { foreign: { seen, peer } },
          leave: () => client.stop(),
          restart: () => client.restart(),
        });
        await client.view(peer, url, token);
        return peer.remoteDescription?.type;
      },
      { url: url(), token: token() },
    );
    expect(outcome).toBe('answer');
    const frames = await until(async () => {
      const all = await shown(page, 'foreign');
      return all.length > 45 && all;
    });
    const counters = frames.flatMap(({ counter }) => counter ?? []);
    console.log(
      `whip-whep: ${counters.length} of ${frames.length} frames read, from ${counters[0]} to ${counters.at(-1)}`,
    );
    expect(counters.length).toBeGreaterThan(frames.length * 0.9);
    expect(counters).toEqual([...counters].sort((a, b) => a - b));
    // Its own ICE restart: the picture goes on, now from the port of restarted sessions.
    const before = await receivedFrom(page, 'foreign');
    await page.evaluate(() => (globalThis as unknown as { restart: () => Promise<void> }).restart());
    await until(
      async () =>
        Object.entries(await receivedFrom(page, 'foreign')).some(
          ([port, bytes]) => !(port in before) && bytes > 100_000,
        ),
      { what: 'pictures after the ICE restart' },
    );
    expect(await viewers()).toBe(1);
    await page.evaluate(() => (globalThis as unknown as { leave: () => Promise<void> }).leave());
    await until(async () => (await viewers()) === 0);
  }, 60_000);
});
