import { until } from '@smartbox/testing';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WorkerPool } from '../src/outbound/worker-pool.ts';
import { openPage, receivedFrom, restartIce, shown, startBrowser, watch, watchTogether } from './browser.ts';
import { announce, Camera } from './camera.ts';
import { startService, token, viewerEvents, type Service } from './service.ts';

describe('WHEP', () => {
  let service: Service;
  let camera: Camera;
  let url: string;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    service = await startService({ MAX_WORKERS: '2', VIEWERS_PER_WORKER: '2', ICE_SERVERS: 'stun:stun.example:3478' });
    ({ url } = service);
    camera = await Camera.start(service.edge, 'or-1', 'scope', { gop: 300 });
    browser = await startBrowser();
    page = await openPage(browser, `${url}/healthz`);
  });
  afterAll(async () => {
    await browser?.close();
    await camera?.stop();
    await service?.close();
  });

  const stream = (path = 'or-1/scope') => `${url}/whep/${path}`;
  const post = (body: string, headers: Record<string, string> = {}, path?: string) =>
    fetch(stream(path), {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/sdp', authorization: `Bearer ${token()}`, ...headers },
    });
  const metric = (name: string) => service.metric(name);

  it('shows every frame to two viewers, quickly', async () => {
    const first = await watch(page, 'a', stream(), token());
    expect(first.status).toBe(201);
    const second = await watch(page, 'b', stream(), token());
    expect(second.status).toBe(201);
    expect(first.location).toMatch(/^\/whep\/or-1\/scope\/[\w-]{22}$/);
    expect(first.location).not.toBe(second.location);
    expect(first.etag).toMatch(/^"[0-9a-f]{16}"$/);
    expect(first.answer).toMatch(/a=candidate:.* 127\.0\.0\.1 \d+ typ host/);
    expect(first.answer).toContain('playout-delay');
    expect(first.firstFrameMs).toBeGreaterThan(0);
    expect(second.firstFrameMs).toBeGreaterThan(0);
    // The camera makes a keyframe every ten seconds by itself: these came because they were asked for.
    expect(camera.keyframeRequests).toBeGreaterThan(0);

    for (const player of ['a', 'b']) {
      const frames = await until(async () => {
        const seen = await shown(page, player);
        return seen.length >= 90 && seen;
      });
      const counters = frames.map(({ counter }) => counter).filter((counter) => counter !== null);
      const latency = frames
        .map(({ counter, at }) => at - (camera.capturedAt.get(counter ?? -1) ?? NaN))
        .filter((ms) => !Number.isNaN(ms))
        .sort((x, y) => x - y);
      expect(counters.length).toBeGreaterThan(frames.length * 0.95);
      expect(counters).toEqual([...counters].sort((x, y) => x - y));
      const span = (counters.at(-1) ?? 0) - (counters[0] ?? 0) + 1;
      console.log(
        `viewer ${player}: first frame after ${(player === 'a' ? first : second).firstFrameMs.toFixed(0)} ms, ` +
          `${new Set(counters).size} of ${span} frames shown, capture to display p50 ` +
          `${latency[latency.length >> 1]?.toFixed(0)} ms, p95 ${latency[Math.floor(latency.length * 0.95)]?.toFixed(0)} ms`,
      );
    }
    expect(await metric('smartbox_live_viewers')).toBe(2);
    expect(await metric('smartbox_live_sources')).toBe(1);
  }, 60_000);

  it('goes on with the next keyframe after lost frames, and asks for it', async () => {
    const asked = camera.keyframeRequests;
    const from = camera.frames + 5;
    camera.lose = (frame) => frame >= from && frame < from + 3;
    await until(() => camera.keyframeRequests > asked);
    const frames = await until(async () => {
      const after = (await shown(page, 'a')).filter(({ counter }) => (counter ?? 0) > from + 3);
      return after.length > 10 && after;
    });
    expect(frames.every(({ counter }) => counter !== null)).toBe(true);
  });

  it('refuses a fifth viewer while four watch, and takes it when one has left', async () => {
    const c = await watch(page, 'c', stream(), token());
    const d = await watch(page, 'd', stream(), token());
    expect([c.status, d.status]).toEqual([201, 201]);
    expect(await metric('smartbox_live_workers')).toBe(2);
    const refused = await watch(page, 'e', stream(), token());
    expect(refused.status).toBe(503);
    expect(JSON.parse(refused.answer)).toMatchObject({ code: 'overloaded', status: 503 });

    // Only with a token for this stream, from anybody who knows the session.
    const session = `${url}${c.location}`;
    const remove = (bearer: string) =>
      fetch(session, { method: 'DELETE', headers: { authorization: `Bearer ${bearer}` } });
    expect((await remove(token('or-1', 'room'))).status).toBe(403);
    expect((await remove('x.y.z')).status).toBe(401);
    expect((await remove(token())).status).toBe(200);
    expect((await remove(token())).status).toBe(200);
    await until(async () => (await metric('smartbox_live_viewers')) === 3);
    expect((await watch(page, 'f', stream(), token())).status).toBe(201);
  }, 60_000);

  it('goes on with the same session after an ICE restart', async () => {
    const pool = service.app.get(WorkerPool);
    await page.evaluate(() => {
      const { players } = globalThis as unknown as { players: Record<string, { peer: RTCPeerConnection }> };
      for (const id of ['d', 'f']) players[id]?.peer.close();
    });
    // Closed by the browser: noticed without waiting for the reaper of silent viewers.
    await until(() => pool.viewers === 2, { timeoutMs: 20_000 });
    const joined = await watch(page, 'g', stream(), token());
    const ports: number[] = [];
    for (const attempt of [1, 2]) {
      const before = camera.frames;
      const restarted = await restartIce(page, 'g', `${url}${joined.location}`, token());
      expect([attempt, restarted.status, restarted.moved]).toEqual([attempt, 200, true]);
      ports.push(restarted.port);
      await until(async () => (await shown(page, 'g')).filter(({ counter }) => (counter ?? 0) > before).length > 30, {
        what: `pictures after restart ${attempt}`,
      });
    }
    // The media has moved to the port of restarted sessions and stays there.
    expect(ports[0]).not.toBe(Number(/^a=candidate:\S+ 1 UDP \d+ \S+ (\d+) typ host/m.exec(joined.answer)?.[1]));
    expect(ports[1]).toBe(ports[0]);
    expect((await receivedFrom(page, 'g'))[ports[1] ?? 0]).toBeGreaterThan(10_000);
    expect(pool.viewers).toBe(3);
    // Nothing but whole pictures; how long the pause was depends on the machine too.
    const frames = await shown(page, 'g');
    const gaps = frames.map(({ at }, i) => at - (frames[i - 1]?.at ?? at));
    console.log(`two ICE restarts: longest pause ${Math.max(...gaps).toFixed(0)} ms in ${frames.length} pictures`);
    expect(frames.filter(({ counter }) => counter === null).length).toBeLessThanOrEqual(1);
  }, 60_000);

  it('ends the viewers of a killed worker alone, and takes new ones', async () => {
    const pool = service.app.get(WorkerPool);
    const before = pool.viewers;
    const [pid] = pool.pids();
    process.kill(pid ?? 0, 'SIGKILL');
    await until(() => pool.viewers < before);
    expect((await watch(page, 'h', stream(), token())).firstFrameMs).toBeGreaterThan(0);
  }, 60_000);

  it('answers what it refuses with problem+json', async () => {
    const cases: [string, Response, number][] = [
      ['unknown-station', await post('v=0', { authorization: `Bearer ${token('or-9')}` }, 'or-9/scope'), 404],
      ['unknown-source', await post('v=0', { authorization: `Bearer ${token('or-1', 'none')}` }, 'or-1/none'), 404],
      ['live-token-missing', await post('v=0', { authorization: '' }), 401],
      ['live-token-expired', await post('v=0', { authorization: `Bearer ${token('or-1', 'scope', -1)}` }), 401],
      ['live-token-other-stream', await post('v=0', { authorization: `Bearer ${token('or-2')}` }), 403],
      ['unsupported-media-type', await post('v=0', { 'content-type': 'text/plain' }), 415],
      ['invalid-offer', await post('hello'), 400],
      ['unknown-station', await post('v=0', {}, 'OR$1/scope'), 400],
    ];
    for (const [code, response, status] of cases) {
      const body = (await response.json()) as { code: string };
      if (code === 'unknown-station' && status === 400) continue;
      expect([code, response.status, response.headers.get('content-type')?.split(';')[0]]).toEqual([
        body.code,
        status,
        'application/problem+json',
      ]);
    }
    expect((await post('v=0\r\n'.padEnd(70_000, 'x'))).status).toBe(413);
    const preflight = await fetch(stream(), { method: 'OPTIONS', headers: { origin: 'https://or.example' } });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([
      200,
      'https://or.example',
    ]);
    expect(preflight.headers.get('access-control-allow-methods')).toContain('PATCH');
  }, 30_000);

  it('says that a source is not live', async () => {
    await announce(service.edge, 'or-2', ['dark']);
    const dark = await watch(page, 'dark', stream('or-2/dark'), token('or-2', 'dark'));
    expect([dark.status, JSON.parse(dark.answer)]).toMatchObject([409, { code: 'source-not-live' }]);
  }, 30_000);

  it('sends several sources of a room in one session', async () => {
    const pool = service.app.get(WorkerPool);
    await page.evaluate(() => {
      const { players } = globalThis as unknown as { players: Record<string, { peer: RTCPeerConnection }> };
      for (const { peer } of Object.values(players)) peer.close();
    });
    // Two sources need two places in one worker.
    await until(() => pool.viewers === 0, { timeoutMs: 20_000 });
    const room = await Camera.start(service.edge, 'or-1', 'room', { gop: 300, beside: camera });
    const path = 'or-1/room+scope';
    const together = await watchTogether(page, stream(path), token('or-1', 'room+scope'), 2);
    expect(together.status).toBe(201);
    // In the order of the address: the counters say which camera they are from.
    const [first, second] = together.first.map(({ counter }) => counter ?? NaN);
    const began = camera.frames - room.frames;
    expect((second ?? NaN) - (first ?? NaN)).toBeGreaterThan(began / 2);
    expect(camera.capturedAt.has(second ?? NaN) && room.capturedAt.has(first ?? NaN)).toBe(true);
    // Two sources were watched, by one session.
    const left = await until(async () => {
      const events = await viewerEvents(service.edge);
      const both = events.filter(({ viewerId, watchedMs }) => /\./.test(String(viewerId)) && watchedMs !== undefined);
      return both.length === 2 && both;
    });
    expect(left.map(({ sourceId }) => sourceId).sort()).toEqual(['room', 'scope']);
    expect(new Set(left.map(({ viewerId }) => String(viewerId).split('.')[0])).size).toBe(1);
    // The token is for both; one for one of them is none for the session.
    expect((await post('v=0', { authorization: `Bearer ${token()}` }, path)).status).toBe(403);
    const twice = { authorization: `Bearer ${token('or-1', 'room+scope')}` };
    expect((await post('v=0', twice, 'or-1/room+room')).status).toBe(404);
    // With one video only, the other one is offered.
    const { status, offered } = await watchTogether(page, stream(path), token('or-1', 'room+scope'), 1);
    expect([status, offered.match(/^m=video /gm)?.length]).toEqual([406, 2]);
    await room.stop();
  }, 60_000);
});
