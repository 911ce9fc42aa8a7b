import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '@smartbox/testing';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { WorkerPool } from '../src/outbound/worker-pool.ts';
import { openPage, shown, startBrowser, watch } from './browser.ts';
import { Camera } from './camera.ts';
import { startService, token, type Service } from './service.ts';

const run = promisify(execFile);
const require = createRequire(import.meta.url);

/** Two instances on one broker, each with its own workers; the first has one place, the second three. */
describe('two instances', () => {
  let first: Service;
  let second: Service;
  let camera: Camera;
  let site: Server;
  let browser: Browser;
  let page: Page;
  let holder: string;

  const at = ({ url }: Service, query = '') => `${url}/whep/or-1/scope${query}`;
  const viewers = ({ app }: Service) => app.get(WorkerPool).viewers;
  const post = (url: string, body: string, redirect: RequestRedirect = 'manual') =>
    fetch(url, {
      method: 'POST',
      redirect,
      body,
      headers: { 'content-type': 'application/sdp', authorization: `Bearer ${token()}` },
    });
  const offer = () =>
    page.evaluate(async () => {
      const peer = new RTCPeerConnection();
      peer.addTransceiver('video', { direction: 'recvonly' });
      const { sdp } = await peer.createOffer();
      peer.close();
      return sdp ?? '';
    });
  const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;

  beforeAll(async () => {
    // A page of a third origin, as the dashboard is: on the way from one instance to the other it has none any more.
    site = createServer((_request, response) => response.setHeader('content-type', 'text/html').end('<p>'));
    await once(site.listen(0, '127.0.0.1'), 'listening');
    const origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
    const base = { MAX_WORKERS: '1', SOCKET_VIEWERS: '1', ALLOWED_ORIGINS: origin };
    first = await startService({ ...base, VIEWERS_PER_WORKER: '1' }, { announced: true });
    second = await startService({ ...base, VIEWERS_PER_WORKER: '3' }, { beside: first, announced: true });
    camera = await Camera.start(first.edge, 'or-1', 'scope', { gop: 300 });
    browser = await startBrowser();
    page = await openPage(browser, origin);
    const joined = await watch(page, 'a', at(first), token());
    expect(joined.status).toBe(201);
    holder = joined.location;
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    site?.close();
    await camera?.stop();
    await second?.close();
    await first?.close();
  });

  it('send a viewer on with 307 where there is no room, and its session is there', async () => {
    // draft-ietf-wish-whep "Load Balancing and Redirections"; RFC 9110 section 15.4.8.
    const sdp = await offer();
    const sent = await until(async () => {
      const response = await post(at(first), sdp);
      return response.status === 307 && response;
    });
    const location = new URL(sent.headers.get('location') ?? '');
    expect(location.origin).toBe(second.url);
    expect(location.pathname).toBe('/whep/or-1/scope');
    expect(await codeOf(sent)).toBe('room-elsewhere');
    // The same request there, without the header that browsers leave out on the way.
    const there = await fetch(location, { method: 'POST', headers: { 'content-type': 'application/sdp' }, body: sdp });
    expect(there.status).toBe(201);
    const session = there.headers.get('location') ?? '';
    expect(new URL(session).origin).toBe(second.url);
    const headers = { authorization: `Bearer ${token()}` };
    expect((await fetch(session, { method: 'DELETE', headers })).status).toBe(200);
    await until(() => viewers(second) === 0);
  });

  it('are followed by a browser from a page of yet another origin', async () => {
    const joined = await watch(page, 'b', at(first), token());
    expect([joined.status, new URL(joined.location).origin]).toEqual([201, second.url]);
    await until(async () => (await shown(page, 'b')).length > 30);
    expect([viewers(first), viewers(second)]).toEqual([1, 1]);
    await page.evaluate(
      ([location, token]) =>
        fetch(location ?? '', { method: 'DELETE', headers: { authorization: `Bearer ${token}` } }).then(
          () => undefined,
        ),
      [joined.location, token()],
    );
    await until(() => viewers(second) === 0);
  }, 30_000);

  it('are followed by aiortc and by whip-whep', async () => {
    const script = join(import.meta.dirname, 'aiortc-viewer.py');
    const { stdout } = await run('/usr/bin/python3', [script, at(first), token(), '30'], { timeout: 40_000 });
    const { counters, session } = JSON.parse(stdout) as { counters: (number | null)[]; session: string };
    expect([counters.length, new URL(session).origin]).toEqual([30, second.url]);

    const source = readFileSync(require.resolve('whip-whep/whep.js'), 'utf8');
    await page.addScriptTag({ type: 'module', content: `${source}\nglobalThis.WHEPClient = WHEPClient;` });
    await page.waitForFunction(() => 'WHEPClient' in globalThis);
    const decoded = await page.evaluate(
      async ({ url, token }) => {
        const { WHEPClient } = globalThis as unknown as {
          WHEPClient: new () => {
            view(peer: RTCPeerConnection, url: string, token: string): Promise<void>;
            stop(): Promise<void>;
          };
        };
        const peer = new RTCPeerConnection();
        peer.addTransceiver('video', { direction: 'recvonly' });
        const client = new WHEPClient();
        await client.view(peer, url, token);
        const frames = async () =>
          Math.max(
            0,
            ...[...(await peer.getStats()).values()].map(
              (entry: { framesDecoded?: number }) => entry.framesDecoded ?? 0,
            ),
          );
        const until = performance.now() + 15_000;
        while ((await frames()) < 20 && performance.now() < until) await new Promise((next) => setTimeout(next, 50));
        const seen = await frames();
        await client.stop();
        return seen;
      },
      { url: at(first), token: token() },
    );
    expect(decoded).toBeGreaterThanOrEqual(20);
    await until(() => viewers(second) === 0);
  }, 60_000);

  it('send no viewer round in circles', async () => {
    const full = await post(at(first, `?token=${token()}&sent=1`), await offer());
    expect([full.status, await codeOf(full)]).toEqual([503, 'overloaded']);
    expect(Number(full.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('name the other one in the close frame of a WebSocket', async () => {
    const open = (service: Service, query = '') =>
      new WebSocket(`${service.url.replace(/^http/, 'ws')}/live/or-1/scope${query}`, [
        'smartbox.live.v1',
        `bearer.${token()}`,
      ]);
    const pieces = (socket: WebSocket) =>
      new Promise<void>((resolve) => socket.on('message', (_data, binary) => binary && resolve()));
    const closed = (socket: WebSocket) =>
      new Promise<string>((resolve) => socket.on('close', (code, reason) => resolve(`${code} ${reason.toString()}`)));
    const one = open(first);
    await pieces(one);
    const other = open(first);
    expect(await closed(other)).toBe(`4307 ${second.url}`);
    const there = open(second, '?sent=1');
    await pieces(there);
    expect(await closed(open(second, '?sent=1'))).toBe('4503 overloaded');
    for (const socket of [one, there]) socket.close();
  }, 30_000);

  it('say that there is no room anywhere when the other one has ended', async () => {
    await second.close();
    const full = await post(at(first), await offer());
    expect([full.status, await codeOf(full)]).toEqual([503, 'overloaded']);
    const headers = { authorization: `Bearer ${token()}` };
    expect((await fetch(holder, { method: 'DELETE', headers })).status).toBe(200);
    await until(async () => (await post(at(first), await offer())).status === 201);
  });
});
