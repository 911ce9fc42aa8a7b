import { afterEach, describe, expect, it, vi } from 'vitest';
import { station } from '../../test/fixture-data.ts';
import { FrameWatchdog, STALE_MS } from './frame-watchdog.ts';
import { RoomSessions } from './room-sessions.ts';
import { tileState } from './tile-state.ts';
import { reconnectDelay, WhepSession } from './whep-client.ts';
import type { Peer, WhepOptions } from './whep-client.ts';

describe('the word on a tile', () => {
  const on = station();
  const source = (state: 'live' | 'starting' | 'no-signal' | 'frozen' | 'offline') => ({ state });

  it('is live only when the station says so and frames arrive', () => {
    expect(tileState(on, source('live'), 'playing', true)).toBe('live');
    expect(tileState(on, source('live'), 'stale', true)).toBe('stale');
    expect(tileState(on, source('live'), 'connecting', true)).toBe('starting');
    expect(tileState(on, source('live'), 'unreachable', true)).toBe('unreachable');
    for (const state of ['no-signal', 'frozen', 'offline', 'starting'] as const) {
      expect(tileState(on, source(state), 'playing', true)).toBe(state);
    }
    expect(tileState({ online: false }, source('live'), 'playing', true)).toBe('offline');
  });

  it('trusts only the frames while the feed is away', () => {
    expect(tileState({ online: false }, source('no-signal'), 'playing', false)).toBe('live');
    expect(tileState(on, source('live'), 'stale', false)).toBe('stale');
  });
});

describe('frame watchdog', () => {
  it('calls a picture stale after one second without a frame, once, and fresh with the next', () => {
    let now = 0;
    let hidden = false;
    const said: string[] = [];
    const dog = new FrameWatchdog({
      now: () => now,
      hidden: () => hidden,
      onStale: () => said.push('stale'),
      onFresh: () => said.push('fresh'),
    });
    dog.arm();
    dog.check();
    dog.frame();
    now = STALE_MS - 1;
    dog.check();
    expect(said).toEqual(['fresh']);
    now = STALE_MS;
    dog.check();
    dog.check();
    expect(said).toEqual(['fresh', 'stale']);
    dog.frame();
    hidden = true;
    now += 60_000;
    dog.check();
    hidden = false;
    now += STALE_MS - 1;
    dog.check();
    expect(said).toEqual(['fresh', 'stale', 'fresh']);
  });
});

describe('frame watchdog between two sessions', () => {
  it('takes the last frame that a browser paints of a closed stream for nothing', () => {
    let now = 0;
    const said: string[] = [];
    const dog = new FrameWatchdog({
      now: () => now,
      hidden: () => false,
      onStale: () => {
        said.push('stale');
        dog.reset();
      },
      onFresh: () => said.push('fresh'),
    });
    dog.arm();
    dog.frame();
    now = STALE_MS;
    dog.check();
    dog.frame();
    now = 5 * STALE_MS;
    dog.check();
    expect(said).toEqual(['fresh', 'stale']);
    dog.arm();
    dog.frame();
    expect(said).toEqual(['fresh', 'stale', 'fresh']);
    now += STALE_MS;
    dog.check();
    expect(said.at(-1)).toBe('stale');
  });
});

function fakePeer() {
  const listeners = new Map<string, (event: unknown) => void>();
  const receivers: object[] = [];
  const peer = {
    connectionState: 'new',
    localDescription: { sdp: 'v=0 offer' },
    addTransceiver: () => receivers.push({}),
    getReceivers: () => receivers,
    createOffer: () => Promise.resolve({ type: 'offer', sdp: 'v=0 offer' }),
    createAnswer: () => Promise.resolve({ type: 'answer', sdp: 'v=0 our answer' }),
    setLocalDescription: ({ sdp }: { sdp: string }) => {
      peer.localDescription = { sdp };
      return Promise.resolve();
    },
    setRemoteDescription: vi.fn(() => Promise.resolve()),
    addEventListener: (type: string, listener: (event: unknown) => void) => void listeners.set(type, listener),
    close: vi.fn(),
  };
  return { peer, receivers, emit: (type: string, event: unknown = {}) => listeners.get(type)?.(event) };
}

function session(answer: (url: string, init: RequestInit) => Response, more: Partial<WhepOptions> = {}) {
  const { peer, emit } = fakePeer();
  const calls: { url: string; init: RequestInit }[] = [];
  const ended: { reason: string; waitMs: number | undefined }[] = [];
  const whep = new WhepSession({
    grant: () => Promise.resolve({ whepUrl: 'http://127.0.0.1:8084/whep/or-1/endoscope', token: 't0' }),
    onStream: () => undefined,
    onEnd: (reason, waitMs) => ended.push({ reason, waitMs }),
    createPeer: () => peer as unknown as Peer,
    fetch: (url, init) => {
      calls.push({ url: url, init });
      return Promise.resolve(answer(url, init));
    },
    ...more,
  });
  return { whep, peer, emit, calls, ended };
}
const created = () => new Response('v=0 answer', { status: 201, headers: { location: '/whep/sessions/abc' } });

describe('WHEP session', () => {
  it('offers with the bearer token, applies the answer, deletes its resource once', async () => {
    const { whep, peer, calls, ended } = session(created);
    await whep.start();
    expect(calls[0]).toMatchObject({ init: { method: 'POST', body: 'v=0 offer' } });
    expect(calls[0]?.init.headers).toMatchObject({ authorization: 'Bearer t0', 'content-type': 'application/sdp' });
    expect(peer.setRemoteDescription).toHaveBeenCalledWith({ type: 'answer', sdp: 'v=0 answer' });
    whep.stop();
    whep.stop();
    expect(calls.slice(1)).toMatchObject([
      { url: 'http://127.0.0.1:8084/whep/sessions/abc', init: { method: 'DELETE', keepalive: true } },
    ]);
    expect(ended).toEqual([]);
  });

  it('answers another offer of the server', async () => {
    const { whep, peer, calls, ended } = session((_url, { method }) =>
      method === 'POST'
        ? new Response('v=0 counter', {
            status: 406,
            headers: { location: '/whep/sessions/abc', 'content-type': 'application/sdp; valid-until="x"' },
          })
        : new Response(null, { status: 204 }),
    );
    await whep.start();
    expect(peer.setRemoteDescription).toHaveBeenCalledWith({ type: 'offer', sdp: 'v=0 counter' });
    expect(calls[1]).toMatchObject({
      url: 'http://127.0.0.1:8084/whep/sessions/abc',
      init: { method: 'PATCH', body: 'v=0 our answer' },
    });
    expect(ended).toEqual([]);
  });

  it('takes a 406 without an offer for a refusal', async () => {
    const { whep, ended } = session(() => new Response('', { status: 406 }));
    await whep.start();
    expect(ended).toHaveLength(1);
  });

  it('is ended at the instance to which it was sent on', async () => {
    const { whep, calls } = session(() => {
      const response = created();
      Object.defineProperty(response, 'url', { value: 'http://127.0.0.1:8085/whep/or-1/endoscope?sent=1' });
      return response;
    });
    await whep.start();
    whep.stop();
    expect(calls[1]?.url).toBe('http://127.0.0.1:8085/whep/sessions/abc');
  });

  it('passes on how long an overloaded server asks to wait', async () => {
    const { whep, ended } = session(() => new Response('', { status: 503, headers: { 'retry-after': '7' } }));
    await whep.start();
    expect(ended).toMatchObject([{ waitMs: 7_000 }]);
  });

  it('ends once when the connection fails, and tells the server', async () => {
    const { whep, peer, emit, calls, ended } = session(created);
    await whep.start();
    peer.connectionState = 'failed';
    emit('connectionstatechange');
    emit('connectionstatechange');
    expect(ended).toHaveLength(1);
    expect(calls.at(-1)?.init.method).toBe('DELETE');
  });

  it('leaves no session behind when it was stopped while the answer was on its way', async () => {
    let late: ((response: Response) => void) | undefined;
    const deleted: string[] = [];
    const { whep } = session(created, {
      fetch: (url, init) => {
        if (init.method === 'DELETE') {
          deleted.push(url);
          return Promise.resolve(new Response());
        }
        return new Promise((resolve) => (late = resolve));
      },
    });
    const starting = whep.start();
    await vi.waitFor(() => expect(late).toBeDefined());
    whep.stop();
    late?.(created());
    await starting;
    expect(deleted).toEqual(['http://127.0.0.1:8084/whep/sessions/abc']);
  });
});

describe('reconnecting', () => {
  it('doubles, is bounded, and obeys the server', () => {
    expect([0, 1, 2, 3].map((n) => reconnectDelay(n, undefined, () => 0))).toEqual([500, 1_000, 2_000, 4_000]);
    expect(reconnectDelay(50, undefined, () => 1)).toBe(12_500);
    expect(reconnectDelay(0, 7_000, () => 1)).toBe(7_000);
  });
});

describe('sessions of a room', () => {
  const room = (answer: (sources: readonly string[]) => Response) => {
    const peers: ReturnType<typeof fakePeer>[] = [];
    const asked: string[] = [];
    const sessions = new RoomSessions((sourceIds) =>
      Promise.resolve({ whepUrl: `http://127.0.0.1:8084/whep/or-1/${sourceIds.join('+')}`, token: 't0' }),
    );
    vi.stubGlobal('RTCPeerConnection', function RTCPeerConnection() {
      const made = fakePeer();
      peers.push(made);
      return made.peer;
    });
    vi.stubGlobal('MediaStream', class {});
    vi.stubGlobal('fetch', (url: string, { method }: RequestInit) => {
      if (method !== 'POST') return Promise.resolve(new Response());
      const sources = url.split('/').at(-1) ?? '';
      asked.push(sources);
      return Promise.resolve(answer(sources.split('+')));
    });
    const told: string[] = [];
    const tile = (sourceId: string) =>
      sessions.join(sourceId, {
        onStream: () => told.push(`${sourceId} shows`),
        onEnd: (reason) => told.push(`${sourceId} ${reason}`),
      });
    return { tile, asked, told, peers };
  };
  afterEach(() => vi.unstubAllGlobals());

  it('that start together are one, with a video for each source', async () => {
    const { tile, asked, told, peers } = room(created);
    const [scope, overview, again] = [tile('scope'), tile('room'), tile('scope')];
    for (const one of [scope, overview, again]) one.start();
    await vi.waitFor(() => expect(asked.sort()).toEqual(['scope', 'scope+room']));
    const both = peers.find(({ receivers }) => receivers.length === 2);
    await vi.waitFor(() => expect(both?.peer.setRemoteDescription).toHaveBeenCalledTimes(1));
    both?.emit('track', { streams: [{}], track: {}, receiver: both.receivers[1] });
    expect(told).toEqual(['room shows']);
    scope.stop();
    expect(both?.peer.close).not.toHaveBeenCalled();
    overview.stop();
    expect(both?.peer.close).toHaveBeenCalledTimes(1);
  });

  it('let a tile ask again for which nothing was sent', async () => {
    const { tile, told, peers } = room(created);
    for (const one of [tile('scope'), tile('room')]) one.start();
    await vi.waitFor(() => expect(peers[0]?.peer.setRemoteDescription).toHaveBeenCalledTimes(1));
    const both = peers[0]!;
    both.emit('track', { streams: [{}], track: {}, receiver: both.receivers[0] });
    both.peer.connectionState = 'connected';
    both.emit('connectionstatechange');
    expect(told).toEqual(['scope shows', 'room nothing was sent for this source']);
    expect(both.peer.close).not.toHaveBeenCalled();
  });

  it('go apart where what is refused to all may be granted to each', async () => {
    const { tile, asked, told } = room((sources) =>
      sources.includes('dark') ? new Response('', { status: 409 }) : created(),
    );
    for (const one of [tile('scope'), tile('dark')]) one.start();
    await vi.waitFor(() => expect(asked.sort()).toEqual(['dark', 'scope', 'scope+dark']));
    await vi.waitFor(() => expect(told).toEqual([expect.stringMatching(/^dark /)]));
  });

  it('that nobody waits for any more are not begun', async () => {
    const { tile, asked } = room(created);
    const scope = tile('scope');
    scope.start();
    scope.stop();
    tile('room').start();
    await vi.waitFor(() => expect(asked).toEqual(['room']));
  });
});
