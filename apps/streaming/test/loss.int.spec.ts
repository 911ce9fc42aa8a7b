import { until } from '@smartbox/testing';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPage, shown, startBrowser, watch } from './browser.ts';
import { Camera } from './camera.ts';
import { LossyRelay } from './lossy-relay.ts';
import { startService, token, type Service } from './service.ts';

/** So much longer than without loss nobody waits for a picture: the tile would call it stale (dashboard, frame-watchdog.ts). */
const STALE_MS = 1_000;

interface Repairs {
  nackCount: number;
  packetsLost: number;
  framesDecoded: number;
}

describe('a network that loses packets', () => {
  let service: Service;
  let camera: Camera;
  let browser: Browser;
  let page: Page;
  let relay: LossyRelay;

  beforeAll(async () => {
    service = await startService({ MAX_WORKERS: '1' });
    camera = await Camera.start(service.edge, 'or-1', 'scope', { gop: 60 });
    relay = await LossyRelay.start();
    browser = await startBrowser();
    page = await openPage(browser, `${service.url}/healthz`);
    await relay.between(page);
    const joined = await watch(page, 'a', `${service.url}/whep/or-1/scope`, token());
    expect(joined.firstFrameMs).toBeGreaterThan(0);
    // Packets that the decoder can spare are no test: the pictures fill several each.
    camera.padding = 6_000;
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    relay?.close();
    await camera?.stop();
    await service?.close();
  });

  const repairs = (): Promise<Repairs> =>
    page.evaluate(async () => {
      const { players } = globalThis as unknown as { players: Record<string, { peer: RTCPeerConnection }> };
      const report = await players['a']?.peer.getStats();
      const entries = [...(report?.values() ?? [])] as Record<string, unknown>[];
      return entries.find(({ type }) => type === 'inbound-rtp') as unknown as Repairs;
    });

  /** Four seconds at this loss: what was decoded of what was captured, and the longest pause between two pictures. */
  async function run(loss: number) {
    const before = { ...(await repairs()), camera: camera.frames, shown: (await shown(page, 'a')).length };
    relay.loss = loss;
    await until(() => camera.frames > before.camera + 120, { timeoutMs: 30_000 });
    relay.loss = 0;
    const frames = (await shown(page, 'a')).slice(before.shown);
    const after = await repairs();
    const gaps = frames.map(({ at }, i) => at - (frames[i - 1]?.at ?? at));
    return {
      share: (after.framesDecoded - before.framesDecoded) / (camera.frames - before.camera),
      nacks: after.nackCount - before.nackCount,
      pause: Math.max(...gaps),
      torn: frames.filter(({ counter }) => counter === null).length,
    };
  }

  it.each([
    [0.005, 0.8],
    [0.02, 0.8],
    [0.05, 0.6],
  ])(
    '%d lost: repeated packets heal it',
    async (loss, share) => {
      // What this machine can do at the moment, and then the same with losses.
      const control = await run(0);
      const lossy = await run(loss);
      console.log(
        `${loss * 100} % lost: ${(lossy.share * 100).toFixed(0)} % decoded (${(control.share * 100).toFixed(0)} % without), ` +
          `${lossy.nacks} NACK, longest pause ${lossy.pause.toFixed(0)} ms (${control.pause.toFixed(0)} ms)`,
      );
      expect(lossy.nacks).toBeGreaterThan(0);
      expect(lossy.share).toBeGreaterThan(control.share * share);
      expect(lossy.pause).toBeLessThan(STALE_MS + control.pause);
      // What is shown is whole: a picture with missing parts would have lost its code now and then.
      expect(lossy.torn).toBeLessThanOrEqual(1);
    },
    90_000,
  );

  it('a second without any packet: the picture is back by itself', async () => {
    const from = camera.frames;
    relay.loss = 1;
    await until(() => camera.frames > from + 30);
    relay.loss = 0;
    const back = performance.now();
    const newest = camera.frames;
    await until(async () => (await shown(page, 'a')).some(({ counter }) => (counter ?? 0) > newest));
    const took = performance.now() - back;
    console.log(`live again ${took.toFixed(0)} ms after the network`);
  }, 40_000);
});
