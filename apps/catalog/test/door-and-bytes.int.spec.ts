import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import { buckets, importUploadKey, StreamingInstance, type ImportView, type OpenUpload } from '@smartbox/contracts';
import { newId, systemClock, verifyLiveToken } from '@smartbox/kernel';
import { Messaging } from '@smartbox/messaging';
import { until } from '@smartbox/testing';
import { Upload } from 'tus-js-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Feed } from '../src/application/feed.ts';
import { Imports } from '../src/application/imports.ts';
import { ClipStore } from '../src/outbound/clip-store.ts';
import { ImportStore } from '../src/outbound/import-store.ts';
import { StationStore } from '../src/outbound/station-store.ts';
import { StoredUploads } from '../src/outbound/uploads.ts';
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

describe('the bytes of a record', () => {
  const uploads = () => `${catalog.url}/api/v1/imports/uploads`;
  const record = () => {
    const bytes = randomBytes(7 * 1024 ** 2 + 17);
    return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
  };
  const tus = { 'Tus-Resumable': '1.0.0' };
  const begin = (sha256: string, bytes: number) => {
    const metadata = `sha256 ${Buffer.from(sha256).toString('base64')}`;
    const headers = { ...tus, 'Upload-Length': String(bytes), 'Upload-Metadata': metadata };
    return fetch(uploads(), { method: 'POST', headers });
  };
  const append = (sha256: string, from: number, body: Buffer) => {
    const headers = { ...tus, 'Upload-Offset': String(from), 'Content-Type': 'application/offset+octet-stream' };
    return fetch(`${uploads()}/${sha256}`, { method: 'PATCH', headers, body });
  };
  const head = (sha256: string, headers: Record<string, string> = tus) =>
    fetch(`${uploads()}/${sha256}`, { method: 'HEAD', headers });
  const find = async (sha256: string) => ok<ImportView>(await catalog.send('GET', `/imports/${sha256}`));
  const open = async () => ok<{ items: OpenUpload[] }>(await catalog.send('GET', '/imports')).items;

  it('come by any client of tus, which goes on where it stopped', async () => {
    const { bytes, sha256 } = record();
    const sent: string[] = [];
    const send = (uploadUrl: string | null, until: number) =>
      new Promise((resolve, reject) => {
        const upload = new Upload(bytes, {
          ...{ endpoint: uploads(), uploadUrl, metadata: { sha256 }, retryDelays: null, chunkSize: 1_000_000 },
          onBeforeRequest: (request) => {
            sent.push(`${request.getMethod()} ${request.getHeader('Upload-Offset') ?? ''}`.trim());
          },
          onChunkComplete: (_size, accepted) => {
            if (accepted >= until) upload.abort().then(resolve, reject);
          },
          onSuccess: resolve,
          onError: reject,
        });
        upload.start();
      });
    await send(null, 3_000_000);
    expect(sent.splice(0)).toEqual(['POST', 'PATCH 0', 'PATCH 1000000', 'PATCH 2000000']);
    expect(await open()).toMatchObject([{ sha256, bytes: bytes.length, offset: 3_000_000, uploaded: false }]);
    expect(await find(sha256)).toMatchObject({ uploaded: false });
    await send(`${uploads()}/${sha256}`, Infinity);
    expect(sent.slice(0, 2)).toEqual(['HEAD', 'PATCH 3000000']);
    const { clipId, uploaded } = await find(sha256);
    expect(uploaded).toBe(true);
    await objectStore(catalog.config).verify(importUploadKey(clipId), { bytes: bytes.length, sha256 });
  });

  it('are refused where they are not those, and nothing of them stays', async () => {
    const { bytes, sha256 } = record();
    expect((await head(sha256)).status).toBe(404);
    const began = await begin(sha256, bytes.length);
    expect([began.status, began.headers.get('location')]).toEqual([201, `/api/v1/imports/uploads/${sha256}`]);
    const old = await head(sha256, { 'Tus-Resumable': '0.2.2' });
    expect([old.status, old.headers.get('tus-version')]).toEqual([412, '1.0.0']);
    expect((await append(sha256, 5, bytes.subarray(5))).status).toBe(409);
    bytes.writeUInt8(bytes.readUInt8(7) ^ 1, 7);
    const wrong = await append(sha256, 0, bytes);
    expect([wrong.status, await wrong.json()]).toMatchObject([400, { code: 'hash-differs' }]);
    const { clipId, uploaded } = await find(sha256);
    expect([uploaded, await objectStore(catalog.config).exists(importUploadKey(clipId))]).toEqual([false, false]);
    expect((await head(sha256)).status).toBe(404);
  });

  it('count once their hash was compared, by whoever asks first where that was cut short', async () => {
    const { bytes, sha256 } = record();
    await begin(sha256, bytes.length);
    const { clipId } = await find(sha256);
    const store = objectStore(catalog.config);
    const { uploadId } = (await store.getJson(`imports/${sha256}/upload.json`)) as { uploadId: string };
    const size = bytes.length;
    const upload = store.resumable({ key: importUploadKey(clipId), uploadId, size, restPrefix: `imports/${sha256}/` });
    await upload.append(Readable.from([bytes]), 0);
    await upload.complete(); // and here the service was killed
    expect((await find(sha256)).uploaded).toBe(false);
    expect((await head(sha256)).headers.get('upload-offset')).toBe(String(size));
    expect((await find(sha256)).uploaded).toBe(true);
  });

  it('are removed after a week in which nothing came, or nobody said whose they are', async () => {
    const { bytes, sha256 } = record();
    await begin(sha256, bytes.length);
    await append(sha256, 0, bytes.subarray(0, 6_500_000));
    const listed = await open();
    expect(listed.length).toBeGreaterThanOrEqual(3);
    const last = Math.max(...listed.map(({ expiresAt }) => Date.parse(expiresAt)));
    const expires = Date.parse((await head(sha256)).headers.get('upload-expires') ?? '');
    expect(expires - Date.now()).toBeGreaterThan(6.9 * 24 * 3_600_000);
    const sweepAt = (at: number) => {
      const { app, config } = catalog;
      const site = { stations: app.get(StationStore), recipes: [], timeZone: 'UTC' };
      const clock = { ...systemClock, now: () => new Date(at) };
      const stored = new StoredUploads(objectStore(config));
      return new Imports(app.get(ImportStore), stored, app.get(ClipStore), site, app.get(Feed), clock).sweep();
    };
    expect(await sweepAt(Date.now() + 6.9 * 24 * 3_600_000)).toBe(0);
    expect(await sweepAt(last + 1)).toBe(listed.length);
    expect(await open()).toEqual([]);
    const left: string[] = [];
    const store = objectStore(catalog.config);
    for await (const { key } of store.list('imports/')) left.push(key);
    for (const { sha256 } of listed) {
      const key = importUploadKey((await find(sha256)).clipId);
      if (await store.exists(key)) left.push(key);
      expect(await store.abortStaleUploads(key, -60_000)).toBe(0);
    }
    expect(left).toEqual([]);
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
