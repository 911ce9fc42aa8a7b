import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { buckets, StreamingInstance } from '@smartbox/contracts';
import { newId, verifyLiveToken } from '@smartbox/kernel';
import { Messaging } from '@smartbox/messaging';
import { until } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { objectStore, ok, settings, startCatalog, startServers, tell, type Catalog, type Servers } from './catalog.ts';
import { eventsOfClip } from './clip-story.ts';

let servers: Servers;
let catalog: Catalog;

beforeAll(async () => {
  servers = await startServers();
  catalog = await startCatalog(settings(servers));
});
afterAll(async () => {
  await catalog?.close();
  await servers?.stop();
});

describe('bytes', () => {
  const bytes = randomBytes(3_000_000);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  let path: string;

  beforeAll(async () => {
    const clipId = newId();
    const story = eventsOfClip({ clipId, sources: ['cam-a'], destinations: ['pacs'] });
    const saved = story[0]?.data as { sources: { key: string; bytes: number; sha256: string }[] };
    const [source] = saved.sources;
    if (!source) throw new Error('no source');
    Object.assign(source, { bytes: bytes.length, sha256 });
    await objectStore(catalog.config).put(source.key, bytes, { size: bytes.length, contentType: 'video/mp4' });
    await catalog.applied(await tell(catalog.config, story));
    path = `/api/v1/clips/${clipId}/sources/cam-a/video`;
  });

  it('come whole, by range, or not at all when they are known', async () => {
    const whole = await catalog.get(path);
    expect([whole.status, whole.headers.get('content-type'), whole.headers.get('accept-ranges')]).toEqual([
      200,
      'video/mp4',
      'bytes',
    ]);
    expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true);
    const etag = whole.headers.get('etag') ?? '';
    expect(etag).toBe(`"${sha256}"`);

    const ranges: [string, number, number][] = [
      ['bytes=0-0', 0, 1],
      ['bytes=1000-1999', 1000, 2000],
      ['bytes=2999990-', 2_999_990, 3_000_000],
      ['bytes=-10', 2_999_990, 3_000_000],
      ['bytes=2999990-9999999', 2_999_990, 3_000_000],
    ];
    for (const [range, from, to] of ranges) {
      const part = await catalog.get(path, { headers: { Range: range } });
      expect(part.status, range).toBe(206);
      expect(part.headers.get('content-range')).toBe(`bytes ${from}-${to - 1}/3000000`);
      expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(from, to))).toBe(true);
    }
    const beyond = await catalog.get(path, { headers: { Range: 'bytes=3000000-' } });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */3000000']);
    const old = await catalog.get(path, { headers: { Range: 'bytes=0-9', 'If-Range': '"other"' } });
    expect([old.status, (await old.arrayBuffer()).byteLength]).toEqual([200, 3_000_000]);
    const same = await catalog.get(path, { headers: { Range: 'bytes=0-9', 'If-Range': etag } });
    expect([same.status, (await same.arrayBuffer()).byteLength]).toEqual([206, 10]);
    expect((await catalog.get(path, { headers: { 'If-None-Match': etag } })).status).toBe(304);
    const head = await catalog.get(path, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '3000000']);
  });

  it('leave the service well when viewers go away', async () => {
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const leave = new AbortController();
        const response = await catalog.get(path, { signal: leave.signal });
        await response.body?.getReader().read();
        leave.abort();
      }),
    );
    const after = await catalog.get(path);
    expect(Buffer.from(await after.arrayBuffer()).equals(bytes)).toBe(true);
  });
});

describe('the door', () => {
  it('is open to this machine only', async () => {
    const ask = (headers: Record<string, string>) =>
      new Promise<number>((resolve, reject) => {
        httpRequest(`${catalog.url}/api/v1/config`, { headers }, (r) => resolve(r.resume().statusCode ?? 0))
          .on('error', reject)
          .end();
      });
    const own = new URL(catalog.url).host;
    expect(await ask({})).toBe(200);
    expect(await ask({ Host: 'evil.example' })).toBe(403);
    expect(await ask({ Host: `evil.example:${new URL(catalog.url).port}` })).toBe(403);
    expect(await ask({ Host: own, Origin: 'http://evil.example' })).toBe(403);
    expect(await ask({ Host: own, Origin: 'null' })).toBe(403);
    expect(await ask({ Host: own, Origin: 'http://127.0.0.1:1' })).toBe(403);
    expect(await ask({ Host: own, Origin: catalog.url })).toBe(200);
    expect(await ask({ Host: own, 'Sec-Fetch-Site': 'cross-site' })).toBe(403);
  });

  it('serves the web app with a strict policy, and nothing beside its folder', async () => {
    for (const path of ['/', '/recordings', '/clips/01ABC']) {
      const page = await catalog.get(path);
      expect([page.status, page.headers.get('content-type')], path).toEqual([200, 'text/html; charset=utf-8']);
      const policy = page.headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("connect-src 'self' http://127.0.0.1:8084 ws://127.0.0.1:8084");
      expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    }
    const script = await catalog.get('/assets/app-1.js');
    expect([script.status, script.headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable']);
    expect((await catalog.get('/assets/none.js')).status).toBe(404);
    for (const path of ['/..%2fconfig%2frecipes%2fendoscopy.yaml', '/%2e%2e/config/stations/or-1.yaml', '/a%00b.js']) {
      expect((await catalog.get(path)).status, path).toBe(404);
    }
    expect((await catalog.get('/%zz')).status).toBeLessThan(500);
  });

  it('gives links to the live pictures of a room', async () => {
    const body = { stationId: 'or-1', sourceId: 'cam-a' };
    type Grant = { whepUrl: string; hlsUrl: string; token: string };
    const granted = async (more: object = {}) =>
      ok<Grant>(await catalog.send('POST', '/live-grants', { ...body, ...more }), 201);
    const claims = ({ token }: Grant) => verifyLiveToken(token, catalog.config.liveTokenSecret);
    const one = await granted();
    expect(one.whepUrl).toBe('http://127.0.0.1:8084/whep/or-1/cam-a');
    expect(one.hlsUrl).toBe('http://127.0.0.1:8084/hls/or-1/cam-a/index.m3u8');
    expect(claims(one)).toMatchObject({ stationId: 'or-1', sourceIds: ['cam-a'], use: 'watch' });
    // Several sources in one session.
    const both = await granted({ alongside: ['cam-b', 'cam-a'] });
    expect(both.whepUrl).toBe('http://127.0.0.1:8084/whep/or-1/cam-a+cam-b');
    expect(claims(both)).toMatchObject({ sourceIds: ['cam-a', 'cam-b'] });
    const codeOf = async (wrong: object) => {
      const { body: problem } = await catalog.send('POST', '/live-grants', { ...body, ...wrong });
      return (problem as { code: string }).code;
    };
    expect(await codeOf({ sourceId: 'cam-z' })).toBe('source-unknown');
    expect(await codeOf({ alongside: ['cam-z'] })).toBe('source-unknown');
    expect(await codeOf({ publish: true })).toBe('source-not-publishable');
    expect(await codeOf({ alongside: ['cam-b'], publish: true })).toBe('source-not-publishable');
  });

  it('names the streaming instances that are there, the same one for a room each time', async () => {
    const { name, ...options } = buckets.streaming;
    const streaming = await Messaging.connect({ service: 'streaming', ...catalog.config.nats });
    const store = await streaming.kv(name, StreamingInstance, options);
    const load = { viewers: 0, places: 1, socketViewers: 0, socketPlaces: 1, busy: false };
    const instances = ['http://127.0.0.1:8091', 'http://127.0.0.1:8092'].map((url) => ({ instanceId: newId(), url }));
    const tell = (which = instances) =>
      Promise.all(which.map((one) => store.put(one.instanceId, { ...one, ...load, at: new Date().toISOString() })));
    const origin = async () => {
      const body = { stationId: 'or-1', sourceId: 'cam-a' };
      const { whepUrl } = ok<{ whepUrl: string }>(await catalog.send('POST', '/live-grants', body), 201);
      return new URL(whepUrl).origin;
    };
    await tell();
    const chosen = await until(async () => {
      const found = await origin();
      return found !== 'http://127.0.0.1:8084' && found;
    });
    for (let i = 0; i < 5; i++) expect(await origin()).toBe(chosen);
    const policy = (await catalog.get('/')).headers.get('content-security-policy') ?? '';
    for (const { url } of instances) expect(policy).toContain(`${url} `);
    // It goes: its rooms move to the other one.
    const others = instances.filter(({ url }) => url !== chosen);
    await until(async () => {
      await tell(others);
      return (await origin()) === others[0]?.url;
    });
    await streaming.close();
  });
});
