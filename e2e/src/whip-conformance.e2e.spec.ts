import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { until } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reached, ringHolds, save, smallStation, startLine, type Line } from './support.ts';

const SDP = 'application/sdp';
const FRAGMENT = 'application/trickle-ice-sdpfrag';
const PROBLEM = 'application/problem+json';
const NOBODY = 'AAAAAAAAAAAAAAAAAAAAAA';

interface Grant {
  whipUrl: string;
  token: string;
}

let line: Line;
let endpoint: string;
let token: string;

beforeAll(async () => {
  const [pattern] = smallStation.sources;
  line = await startLine({
    stations: [
      { ...smallStation, sources: [{ id: 'encoder', name: 'Encoder', kind: 'whip', bitrate: 2_000_000 }, pattern!] },
    ],
    services: ['capture-edge', 'buffer', 'streaming', 'catalog'],
    env: { streaming: { ICE_SERVERS: 'stun:stun-a.example:3478,stun:stun-b.example:3478' } },
  });
  const granted = await grant('encoder', true);
  endpoint = granted.whipUrl;
  token = granted.token;
  // Its place in the system, and its process, which answers offers.
  await until(async () => (await line.api.station('or-1')).sources[0]?.state === 'no-signal', { timeoutMs: 60_000 });
});
afterAll(() => line?.stop());

async function grant(sourceId: string, publish: boolean): Promise<Grant> {
  const response = await fetch(`${line.box.url}/api/v1/live-grants`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ stationId: 'or-1', sourceId, publish }),
  });
  return (await response.json()) as Grant;
}

const ask = (method: string, url: string, headers: Record<string, string> = {}, body?: string) =>
  fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}`, ...headers },
    ...(body === undefined ? {} : { body }),
  });
const post = (body: string, headers: Record<string, string> = {}, url = endpoint) =>
  ask('POST', url, { 'content-type': SDP, ...headers }, body);
const patch = (session: string, body: string, headers: Record<string, string> = {}) =>
  ask('PATCH', session, { 'content-type': FRAGMENT, ...headers }, body);
const sessionOf = (response: Response) => new URL(response.headers.get('location') ?? '', endpoint).href;

async function problemOf(response: Response): Promise<string> {
  const { code, status } = (await response.json()) as { code: string; status: number };
  expect([status, response.headers.get('content-type')?.split(';')[0]]).toEqual([response.status, PROBLEM]);
  return `${response.status} ${code}`;
}

/** What an encoder offers that has found no candidate yet; the certificate is nobody's. */
const offer = (codec = 'H264/90000', fmtp = 'packetization-mode=1;profile-level-id=42e01f') =>
  [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    'a=group:BUNDLE 0',
    'm=video 9 UDP/TLS/RTP/SAVPF 96',
    'c=IN IP4 0.0.0.0',
    'a=mid:0',
    'a=sendonly',
    'a=setup:actpass',
    'a=ice-ufrag:spec',
    'a=ice-pwd:0123456789012345678901',
    `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => 'AB').join(':')}`,
    'a=rtcp-mux',
    `a=rtpmap:96 ${codec}`,
    `a=fmtp:96 ${fmtp}`,
    '',
  ].join('\r\n');
const candidate = 'a=mid:0\r\na=candidate:1 1 UDP 2113937151 127.0.0.1 9 typ host\r\n';

/** Every status and header of the WHIP interface, one rule a test (RFC 9725). */
describe('WHIP conformance', () => {
  it('POST: 201, the answer of a receiver with all candidates, the session, its ETag, how it is patched, ICE servers', async () => {
    // "Ingest Session Setup", "STUN/TURN Server Configuration"; a strong ETag: RFC 9110 section 8.8.3.
    const response = await post(offer());
    expect(response.status).toBe(201);
    expect(response.headers.get('content-type')).toContain(SDP);
    expect(response.headers.get('etag')).toMatch(/^"[^"]+"$/);
    expect(response.headers.get('accept-patch')).toBe(FRAGMENT);
    expect(response.headers.get('link')).toBe(
      '<stun:stun-a.example:3478>; rel="ice-server", <stun:stun-b.example:3478>; rel="ice-server"',
    );
    expect(new URL(sessionOf(response)).pathname).toMatch(/^\/whip\/or-1\/encoder\/[\w-]{22}$/);
    const answer = await response.text();
    for (const expected of [
      /^a=recvonly\r$/m,
      /^a=group:BUNDLE 0\r$/m,
      /^a=rtcp-mux\r$/m,
      /^a=setup:(active|passive)\r$/m,
      /^a=candidate:/m,
      /^a=rtpmap:96 H264\/90000\r$/m,
    ])
      expect(answer).toMatch(expected);
    // One sender at a time, and the next one as soon as it has ended.
    const second = await post(offer());
    expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await problemOf(second)).toBe('409 already-publishing');
    expect((await ask('DELETE', sessionOf(response))).status).toBe(200);
    const third = await post(offer());
    expect(third.status).toBe(201);
    expect(sessionOf(third)).not.toBe(sessionOf(response));
    expect((await ask('DELETE', sessionOf(third))).status).toBe(200);
  });

  it('POST: 400, 413, 415 and 422 for what it cannot use, whole: no part of an offer is left out', async () => {
    // "SDP Bundle", "Multiple m= sections"; RFC 9110 sections 15.5.1, 15.5.14, 15.5.16 and 15.5.21.
    expect(await problemOf(await post('not sdp'))).toBe('400 invalid-offer');
    expect(await problemOf(await post(offer().replace('a=sendonly', 'a=recvonly')))).toBe('400 invalid-offer');
    expect(await problemOf(await post(offer().replace('a=mid:0\r\n', '')))).toBe('400 invalid-offer');
    expect(await problemOf(await post('v=0\r\n'.padEnd(70_000, 'x')))).toBe('413 too-large');
    for (const type of ['text/plain', 'application/json', 'x']) {
      expect(await problemOf(await post(offer(), { 'content-type': type }))).toBe('415 unsupported-media-type');
    }
    expect(await problemOf(await post(offer('AV1/90000', 'profile=0')))).toBe('422 no-common-codec');
    expect(await problemOf(await post(offer('H264/90000', 'packetization-mode=0')))).toBe('422 no-common-codec');
    const [session] = offer().split('m=video');
    expect(await problemOf(await post(`${session}m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n`))).toBe(
      '422 no-common-codec',
    );
  });

  it('401 and 403: a bearer token to publish to this source, on every request', async () => {
    // "Authentication and Authorization"; RFC 6750 section 3: 401 names the scheme.
    const watch = await grant('encoder', false);
    for (const [method, url] of [
      ['POST', endpoint],
      ['PATCH', `${endpoint}/${NOBODY}`],
      ['DELETE', `${endpoint}/${NOBODY}`],
    ] as const) {
      const body = method === 'DELETE' ? undefined : method === 'POST' ? offer() : candidate;
      const type = { 'content-type': method === 'POST' ? SDP : FRAGMENT };
      const none = await ask(method, url, { ...type, authorization: '' }, body);
      expect(none.headers.get('www-authenticate')).toMatch(/^Bearer/);
      expect(await problemOf(none)).toBe('401 live-token-missing');
      const bad = await ask(method, url, { ...type, authorization: 'Bearer x.y.z' }, body);
      expect(await problemOf(bad)).toBe('401 live-token-invalid');
      const other = await ask(method, url, { ...type, authorization: `Bearer ${watch.token}` }, body);
      expect(await problemOf(other)).toBe('403 live-token-other-use');
      const elsewhere = url.replace('/encoder', '/endoscope');
      expect(await problemOf(await ask(method, elsewhere, type, body))).toBe('403 live-token-other-stream');
    }
  });

  it('404: what is not there; to a camera nobody sends, so there is no address for it', async () => {
    const pattern = await grant('endoscope', true);
    expect(pattern.whipUrl ?? '').toBe('');
    expect(await problemOf(await post(offer(), {}, endpoint.replace('/encoder', '')))).toBe('404 not-found');
    expect(await problemOf(await patch(`${endpoint}/${NOBODY}`, candidate))).toBe('404 unknown-session');
  });

  it('GET and HEAD: 204; what has no meaning: 405, naming what has', async () => {
    // "HTTP Usage"; RFC 9110 section 15.5.6.
    for (const url of [endpoint, `${endpoint}/${NOBODY}`]) {
      for (const method of ['GET', 'HEAD']) {
        const response = await fetch(url, { method });
        expect([response.status, await response.text()]).toEqual([204, '']);
      }
    }
    for (const [method, url, allowed] of [
      ['PUT', endpoint, 'OPTIONS, GET, HEAD, POST'],
      ['PATCH', endpoint, 'OPTIONS, GET, HEAD, POST'],
      ['DELETE', endpoint, 'OPTIONS, GET, HEAD, POST'],
      ['PUT', `${endpoint}/${NOBODY}`, 'OPTIONS, GET, HEAD, PATCH, DELETE'],
      ['POST', `${endpoint}/${NOBODY}`, 'OPTIONS, GET, HEAD, PATCH, DELETE'],
    ] as const) {
      const response = await ask(method, url, { 'content-type': SDP }, method === 'DELETE' ? undefined : offer());
      expect(response.headers.get('allow')).toBe(allowed);
      expect(await problemOf(response)).toBe('405 method-not-allowed');
    }
  });

  it('PATCH: candidates 204, another ETag 412, another type 415, no fragment 400, an ICE restart 422', async () => {
    // "HTTP PATCH Request Usage", "Trickle ICE".
    const response = await post(offer());
    const session = sessionOf(response);
    const etag = response.headers.get('etag') ?? '';
    const same = 'a=ice-ufrag:spec\r\na=ice-pwd:0123456789012345678901\r\n';
    for (const [body, headers] of [
      [candidate, {}],
      [candidate, { 'if-match': etag }],
      [`${same}${candidate}`, { 'if-match': '*' }],
    ] as const) {
      const trickled = await patch(session, body, headers);
      expect([trickled.status, trickled.headers.get('etag'), await trickled.text()]).toEqual([204, null, '']);
    }
    expect(await problemOf(await patch(session, candidate, { 'if-match': '"other"' }))).toBe('412 etag-mismatch');
    expect(await problemOf(await patch(session, candidate, { 'content-type': 'text/plain' }))).toBe(
      '415 unsupported-media-type',
    );
    expect(await problemOf(await patch(session, 'nonsense'))).toBe('400 invalid-fragment');
    // Candidates are taken, restarts are not: the sender has to know, and begin anew.
    const restart = same.replace('spec', 'new1');
    expect(await problemOf(await patch(session, `${restart}${candidate}`, { 'if-match': etag }))).toBe(
      '422 ice-restart-unsupported',
    );
    // DELETE: whatever ETag is named, the second time too.
    expect((await ask('DELETE', session, { 'if-match': '"other"' })).status).toBe(200);
    expect((await ask('DELETE', session)).status).toBe(200);
    expect(await problemOf(await patch(session, candidate))).toBe('404 unknown-session');
  });

  it('OPTIONS: a page of another origin learns what it may send, and may read the headers it needs', async () => {
    // "HTTP Usage": CORS, and Accept-Post names the type.
    const origin = { origin: 'https://or.example' };
    for (const url of [endpoint, `${endpoint}/${NOBODY}`]) {
      const preflight = await fetch(url, { method: 'OPTIONS', headers: origin });
      expect(preflight.ok).toBe(true);
      expect(preflight.headers.get('access-control-allow-origin')).toBe(origin.origin);
      expect(preflight.headers.get('access-control-allow-methods')).toMatch(/POST.*PATCH.*DELETE/);
      expect(preflight.headers.get('access-control-allow-headers')).toMatch(/Authorization.*Content-Type.*If-Match/);
      expect(preflight.headers.get('accept-post')).toBe(SDP);
    }
    const refused = await post('not sdp', origin);
    expect(refused.headers.get('access-control-expose-headers')).toMatch(/Location.*ETag.*Link/);
  });
});

describe('an encoder that is not a browser (aiortc)', () => {
  it('sends H.264, which is live, in the ring as it is, and in a clip', async () => {
    await line.api.startProcedure({ stationId: 'or-1', emergency: {} });
    const script = join(import.meta.dirname, 'aiortc-sender.py');
    const sender = spawn('/usr/bin/python3', [script, endpoint, token], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: sender.stdout })[Symbol.asyncIterator]();
    const next = async () => JSON.parse(((await lines.next()) as { value: string }).value) as Record<string, unknown>;
    try {
      expect(await next()).toMatchObject({ status: 201 });
      await ringHolds(line, 'or-1', 6);
      const { sources } = await line.api.station('or-1');
      expect(sources.find(({ sourceId }) => sourceId === 'encoder')).toMatchObject({
        state: 'live',
        width: 640,
        height: 360,
      });
      const clip = await reached(line, await save(line, 'or-1', 5), 'saved');
      const saved = clip.sources.find(({ sourceId }) => sourceId === 'encoder');
      console.log(`aiortc: ${saved?.frames} frames in ${saved?.durationMs} ms, ${saved?.codec}, ${saved?.encoder}`);
      expect(saved).toMatchObject({ width: 640, height: 360, encoder: 'passthrough' });
      expect(saved?.codec).toMatch(/^avc1\./);
      expect(saved?.frames).toBeGreaterThan(4 * 25);
      sender.stdin.end();
      expect(await next()).toEqual({ deleted: 200 });
      await once(sender, 'exit');
      await until(
        async () => {
          const { sources } = await line.api.station('or-1');
          return sources.find(({ sourceId }) => sourceId === 'encoder')?.state === 'no-signal';
        },
        { timeoutMs: 30_000, what: 'no signal after its end' },
      );
    } finally {
      sender.kill();
    }
  }, 150_000);
});
