import { until } from '@smartbox/testing';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPage, startBrowser, watch, type Watching } from './browser.ts';
import { announce, Camera } from './camera.ts';
import { startService, token, type Service } from './service.ts';

const SDP = 'application/sdp';
const FRAGMENT = 'application/trickle-ice-sdpfrag';
const PROBLEM = 'application/problem+json';

/** Every status and header of the WHEP interface, one rule a test (draft-ietf-wish-whep, and RFC 9725 where it refers). */
describe('WHEP conformance', () => {
  let service: Service;
  let camera: Camera;
  let browser: Browser;
  let page: Page;
  let joined: Watching;

  beforeAll(async () => {
    service = await startService({
      MAX_WORKERS: '1',
      VIEWERS_PER_WORKER: '2',
      ICE_SERVERS: 'stun:stun-a.example:3478,stun:stun-b.example:3478',
      ALLOWED_ORIGINS: '',
    });
    camera = await Camera.start(service.edge, 'or-1', 'scope', { gop: 300 });
    browser = await startBrowser();
    page = await openPage(browser, `${service.url}/healthz`);
    joined = await watch(page, 'a', endpoint(), token());
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await camera?.stop();
    await service?.close();
  });

  const endpoint = (path = 'or-1/scope') => `${service.url}/whep/${path}`;
  const ask = (method: string, url: string, headers: Record<string, string> = {}, body?: string) =>
    fetch(url, {
      method,
      headers: { authorization: `Bearer ${token()}`, ...headers },
      ...(body === undefined ? {} : { body }),
    });
  const post = (body: string, headers: Record<string, string> = {}, path?: string) =>
    ask('POST', endpoint(path), { 'content-type': SDP, ...headers }, body);
  const patch = (body: string, headers: Record<string, string> = {}, location = joined.location) =>
    ask('PATCH', new URL(location, service.url).href, { 'content-type': FRAGMENT, ...headers }, body);
  const problemOf = async (response: Response) => {
    const { code, status } = (await response.json()) as { code: string; status: number };
    expect([status, response.headers.get('content-type')?.split(';')[0]]).toEqual([response.status, PROBLEM]);
    return `${response.status} ${code}`;
  };
  /** What a player offers, as a browser writes it; not one that is connected. */
  const offer = () =>
    page.evaluate(async () => {
      const peer = new RTCPeerConnection();
      peer.addTransceiver('video', { direction: 'recvonly' });
      peer.addTransceiver('audio', { direction: 'recvonly' });
      const { sdp } = await peer.createOffer();
      peer.close();
      return sdp ?? '';
    });

  describe('POST of an offer', () => {
    it('makes a session: 201, the answer, where the session is, its ETag, what it can be patched with', () => {
      // draft-ietf-wish-whep, as RFC 9725 "Ingest Session Setup" and "HTTP PATCH Request Usage"; a strong ETag: RFC 9110 section 8.8.3.
      expect(joined.status).toBe(201);
      expect(new URL(joined.location, service.url).origin).toBe(new URL(service.url).origin);
      expect(joined.etag).toMatch(/^"[^"]+"$/);
      expect(joined.answer).toMatch(/^v=0\r\n/);
    });

    it('answers as a sender, with bundle, rtcp-mux, DTLS and all candidates', () => {
      // RFC 9725 "WebRTC Constraints"; RFC 8842 section 5.3: the answer chooses the DTLS role.
      const { answer } = joined;
      expect(answer).toMatch(/^a=sendonly\r$/m);
      expect(answer).toMatch(/^a=group:BUNDLE /m);
      expect(answer).toMatch(/^a=rtcp-mux\r$/m);
      expect(answer).toMatch(/^a=setup:(active|passive)\r$/m);
      expect(answer).toMatch(/^a=fingerprint:sha-256 /m);
      expect(answer).toMatch(/^a=candidate:/m);
      expect(answer).toMatch(/^a=rtpmap:\d+ H264\/90000\r$/m);
    });

    it('keeps the order and number of the offered media; what it does not send is inactive', async () => {
      // RFC 3264 sections 6 and 6.1: one answer section for each offered one.
      const response = await post(await offer());
      expect(response.status).toBe(201);
      const answer = await response.text();
      const media = answer.split('\r\n').filter((line) => line.startsWith('m='));
      expect(media.map((line) => line.split(' ')[0])).toEqual(['m=video', 'm=audio']);
      expect(answer.slice(answer.indexOf('m=audio'))).toMatch(/^a=inactive\r$/m);
      expect(response.headers.get('content-type')).toContain(SDP);
      expect(response.headers.get('accept-patch')).toBe(`${FRAGMENT}, ${SDP}`);
      // RFC 9725 "STUN/TURN Server Configuration": one Link for each ICE server (RFC 8288).
      expect(response.headers.get('link')).toBe(
        '<stun:stun-a.example:3478>; rel="ice-server", <stun:stun-b.example:3478>; rel="ice-server"',
      );
      expect(response.headers.get('cache-control')).toContain('no-store');
      const location = response.headers.get('location') ?? '';
      expect((await ask('DELETE', new URL(location, service.url).href)).status).toBe(200);
    });

    it('refuses what it cannot use with 4xx and a reason', async () => {
      // RFC 9110 sections 15.5.1, 15.5.14 and 15.5.16: malformed, too large, of another type.
      const sdp = await offer();
      const sends = sdp.replaceAll('a=recvonly', 'a=sendonly');
      expect(await problemOf(await post(sends))).toBe('400 invalid-offer');
      expect(await problemOf(await post('not sdp'))).toBe('400 invalid-offer');
      expect(await problemOf(await post(sdp, { 'content-type': 'text/plain' }))).toBe('415 unsupported-media-type');
      expect(await problemOf(await post('v=0\r\n'.padEnd(70_000, 'x')))).toBe('413 too-large');
      // Also what the HTTP server itself would have refused in its own words.
      const others = ['application/json', 'application/octet-stream', 'application/x-www-form-urlencoded', 'x'];
      for (const type of others) {
        expect(await problemOf(await post(sdp, { 'content-type': type }))).toBe('415 unsupported-media-type');
      }
      expect(await problemOf(await ask('POST', `${service.url}/whep`, { 'content-type': SDP }, sdp))).toBe(
        '404 not-found',
      );
    });

    it('asks for a bearer token of this stream', async () => {
      // RFC 9725 "Authentication and Authorization"; RFC 6750 section 3: 401 names the scheme.
      const none = await post('v=0', { authorization: '' });
      expect(none.headers.get('www-authenticate')).toMatch(/^Bearer/);
      expect(await problemOf(none)).toBe('401 live-token-missing');
      expect(await problemOf(await post('v=0', { authorization: 'Basic eDp5' }))).toBe('401 live-token-missing');
      expect(await problemOf(await post('v=0', { authorization: 'Bearer x.y.z' }))).toBe('401 live-token-invalid');
      const old = { authorization: `Bearer ${token('or-1', 'scope', -1)}` };
      expect(await problemOf(await post('v=0', old))).toBe('401 live-token-expired');
      const other = { authorization: `Bearer ${token('or-2')}` };
      expect(await problemOf(await post('v=0', other))).toBe('403 live-token-other-stream');
    });

    it('tells a source that is not there from one that has no picture now', async () => {
      // draft-ietf-wish-whep: 409 with Retry-After while nothing is published.
      await announce(service.edge, 'or-2', ['dark']);
      const sdp = await offer();
      const bearer = (station: string, source: string) => ({ authorization: `Bearer ${token(station, source)}` });
      expect(await problemOf(await post(sdp, bearer('or-9', 'scope'), 'or-9/scope'))).toBe('404 unknown-station');
      expect(await problemOf(await post(sdp, bearer('or-2', 'none'), 'or-2/none'))).toBe('404 unknown-source');
      const dark = await post(sdp, bearer('or-2', 'dark'), 'or-2/dark');
      expect(Number(dark.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await problemOf(dark)).toBe('409 source-not-live');
    }, 30_000);

    it('says when it is full, and when to come again', async () => {
      // RFC 9725 "Load Balancing and Redirections"; RFC 9110 section 15.6.4: 503 with Retry-After.
      const second = await post(await offer());
      expect(second.status).toBe(201);
      const full = await post(await offer());
      expect(Number(full.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await problemOf(full)).toBe('503 overloaded');
      await ask('DELETE', new URL(second.headers.get('location') ?? '', service.url).href);
    });
  });

  describe('an offer that does not do', () => {
    /** No H.264; no video at all. */
    const others = async () => {
      const sdp = await offer();
      return [
        sdp.replaceAll('H264/90000', 'VP8/90000'),
        sdp.slice(0, sdp.indexOf('m=video')) + sdp.slice(sdp.indexOf('m=audio')),
      ];
    };

    it('is countered: 406 with an offer of ours, where the session will be, until when', async () => {
      // draft-ietf-wish-whep "Server Sends Counter-Offer" and "Media Direction Attributes"; RFC 8858 section 3.
      for (const sdp of await others()) {
        const response = await post(sdp);
        expect(response.status).toBe(406);
        const [, until] =
          /^application\/sdp; valid-until="(.+ GMT)"$/.exec(response.headers.get('content-type') ?? '') ?? [];
        expect(Date.parse(until ?? '') - Date.now()).toBeGreaterThan(25_000);
        expect(response.headers.get('etag')).toMatch(/^"[^"]+"$/);
        expect(response.headers.get('accept-patch')).toContain(SDP);
        const offered = await response.text();
        expect(offered.match(/^m=/gm)).toHaveLength(1);
        for (const line of ['a=sendonly', 'a=setup:actpass', 'a=rtcp-mux', 'a=rtcp-mux-only']) {
          expect(offered.split('\r\n')).toContain(line);
        }
        expect(offered).toMatch(/^a=rtpmap:\d+ H264\/90000\r$/m);
        const session = new URL(response.headers.get('location') ?? '', service.url).href;
        const answer = (body: string) => ask('PATCH', session, { 'content-type': SDP }, body);
        expect(await problemOf(await answer('not sdp'))).toBe('400 invalid-offer');
        const [vp8 = ''] = await others();
        expect(await problemOf(await answer(vp8))).toBe('422 no-common-codec');
        expect((await ask('DELETE', session)).status).toBe(200);
        expect(await problemOf(await answer(vp8))).toBe('404 unknown-session');
      }
    });

    it('plays after the answer to ours: 204', async () => {
      const [vp8 = ''] = await others();
      const response = await post(vp8);
      const location = response.headers.get('location') ?? '';
      const status = await page.evaluate(
        async ({ offer, session, headers }) => {
          const peer = new RTCPeerConnection();
          const decoded = async () =>
            [...(await peer.getStats()).values()].some(
              (entry: { framesDecoded?: number }) => (entry.framesDecoded ?? 0) > 10,
            );
          await peer.setRemoteDescription({ type: 'offer', sdp: offer });
          await peer.setLocalDescription(await peer.createAnswer());
          const body = peer.localDescription?.sdp ?? '';
          const { status } = await fetch(session, { method: 'PATCH', headers, body });
          const until = performance.now() + 15_000;
          while (!(await decoded()) && performance.now() < until) await new Promise((next) => setTimeout(next, 50));
          const played = await decoded();
          peer.close();
          return `${status} ${played ? 'played' : 'nothing came'}`;
        },
        {
          offer: await response.text(),
          session: location,
          headers: { authorization: `Bearer ${token()}`, 'content-type': SDP },
        },
      );
      expect(status).toBe('204 played');
      await ask('DELETE', new URL(location, service.url).href);
      await until(async () => (await service.metric('smartbox_live_viewers')) === 1);
    }, 30_000);
  });

  describe('GET and HEAD', () => {
    it('say that it is WHEP, without content and without a token', async () => {
      // draft-ietf-wish-whep "HTTP Usage" and "WHEP Endpoint URL Discoverability".
      for (const method of ['GET', 'HEAD']) {
        const response = await fetch(endpoint(), { method });
        expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([200, SDP, '']);
        expect((await fetch(new URL(joined.location, service.url).href, { method })).status).toBe(204);
      }
    });
  });

  describe('PATCH of a session', () => {
    const candidate = 'a=mid:0\r\na=candidate:1 1 UDP 2113937151 127.0.0.1 9 typ host\r\n';

    it('takes candidates: 204 without a body, also from clients that name no ETag', async () => {
      // RFC 9725 "Trickle ICE".
      for (const headers of [{}, { 'if-match': joined.etag }, { 'if-match': '*' }]) {
        const response = await patch(candidate, headers);
        expect([response.status, await response.text()]).toEqual([204, '']);
      }
    });

    it('refuses another ETag with 412, another type with 415, what is no fragment with 400', async () => {
      // draft-ietf-wish-whep "HTTP PATCH Request Usage": 412 for another ICE session.
      expect(await problemOf(await patch(candidate, { 'if-match': '"other"' }))).toBe('412 etag-mismatch');
      expect(await problemOf(await patch(candidate, { 'content-type': 'text/plain' }))).toBe(
        '415 unsupported-media-type',
      );
      expect(await problemOf(await patch('nonsense'))).toBe('400 invalid-fragment');
      // No offer of ours waits: a session is described once.
      expect(await problemOf(await patch(await offer(), { 'content-type': SDP }))).toBe('409 already-answered');
    });

    it('restarts ICE: 200, a new ETag, new credentials, candidates; the old ETag is void', async () => {
      // draft-ietf-wish-whep "ICE Restarts"; RFC 6585 section 3: it has to name what it restarts; RFC 8839 section 5.4.
      const restart = 'a=ice-ufrag:new1\r\na=ice-pwd:0123456789012345678901\r\n';
      expect(await problemOf(await patch(restart))).toBe('428 precondition-required');
      const short = restart.replace('0123456789012345678901', 'short');
      expect(await problemOf(await patch(short, { 'if-match': '*' }))).toBe('400 invalid-fragment');
      const response = await patch(restart, { 'if-match': '*' });
      expect([response.status, response.headers.get('content-type')]).toEqual([200, FRAGMENT]);
      const etag = response.headers.get('etag') ?? '';
      expect(etag).toMatch(/^"[^"]+"$/);
      expect(etag).not.toBe(joined.etag);
      const fragment = await response.text();
      const before = (name: string) => new RegExp(`^a=${name}:(.*)\r$`, 'm').exec(joined.answer)?.[1];
      expect(fragment).toContain(`a=ice-options:${before('ice-options')}\r\n`);
      expect(fragment).toMatch(/^a=ice-ufrag:\S{4,}\r$/m);
      expect(fragment).not.toContain(before('ice-ufrag'));
      expect(fragment).toMatch(/^a=ice-pwd:\S{22,}\r$/m);
      expect(fragment).toMatch(/^m=video 9 .*\r\na=mid:0\r\na=candidate:/m);
      expect(fragment).toMatch(/^a=end-of-candidates\r$/m);
      expect(await problemOf(await patch(candidate, { 'if-match': joined.etag }))).toBe('412 etag-mismatch');
      const trickle = `a=ice-ufrag:new1\r\na=ice-pwd:0123456789012345678901\r\n${candidate}`;
      const trickled = await patch(trickle, { 'if-match': etag });
      expect([trickled.status, trickled.headers.get('etag')]).toEqual([204, null]);
    });

    it('knows nobody else’s session', async () => {
      expect(await problemOf(await patch(candidate, {}, '/whep/or-1/scope/AAAAAAAAAAAAAAAAAAAAAA'))).toBe(
        '404 unknown-session',
      );
      const stranger = await patch(candidate, { authorization: `Bearer ${token('or-1', 'room')}` });
      expect(await problemOf(stranger)).toBe('403 live-token-other-stream');
    });
  });

  describe('DELETE of a session', () => {
    it('ends it: 200, the second time too, whatever ETag is named; then PATCH is 404', async () => {
      // RFC 9725 "Ingest Session Setup": DELETE ends the session; RFC 9110 section 9.2.2: idempotent.
      const { location } = await watch(page, 'b', endpoint(), token());
      const url = new URL(location, service.url).href;
      expect((await ask('DELETE', url, { 'if-match': '"other"' })).status).toBe(200);
      expect((await ask('DELETE', url)).status).toBe(200);
      expect(await problemOf(await patch('a=mid:0\r\n', {}, location))).toBe('404 unknown-session');
      await until(async () => (await service.metric('smartbox_live_viewers')) === 1);
    });
  });

  describe('a page of another origin', () => {
    it('learns by OPTIONS what it may send, and may read the headers it needs', async () => {
      // RFC 9725 "HTTP Usage": CORS, and Accept-Post (W3C Linked Data Platform section 7.1) names the type.
      const origin = { origin: 'https://or.example' };
      for (const url of [endpoint(), new URL(joined.location, service.url).href]) {
        const preflight = await fetch(url, { method: 'OPTIONS', headers: origin });
        expect(preflight.status).toBe(200);
        expect(preflight.headers.get('access-control-allow-origin')).toBe(origin.origin);
        expect(preflight.headers.get('access-control-allow-methods')).toMatch(/POST.*PATCH.*DELETE/);
        expect(preflight.headers.get('access-control-allow-headers')).toMatch(/Authorization.*Content-Type.*If-Match/);
        expect(preflight.headers.get('accept-post')).toBe(SDP);
      }
      const refused = await post('v=0', { ...origin, authorization: '' });
      expect(refused.headers.get('access-control-allow-origin')).toBe(origin.origin);
      const exposed = refused.headers.get('access-control-expose-headers') ?? '';
      for (const name of ['Location', 'ETag', 'Link', 'Retry-After']) expect(exposed).toContain(name);
    });
  });
});
