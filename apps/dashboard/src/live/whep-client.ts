import { ApiError, errorOf } from '../api/errors.ts';

/** The permission to watch one stream, as the catalog grants it. */
export interface Grant {
  whepUrl: string;
  token: string;
}

/** The part of RTCPeerConnection that is used. */
export type Peer = Pick<
  RTCPeerConnection,
  | 'addTransceiver'
  | 'createOffer'
  | 'setLocalDescription'
  | 'setRemoteDescription'
  | 'localDescription'
  | 'iceGatheringState'
  | 'connectionState'
  | 'addEventListener'
  | 'getStats'
  | 'close'
>;

export interface WhepOptions {
  grant: (signal: AbortSignal) => Promise<Grant>;
  onStream: (stream: MediaStream) => void;
  /** The session is over and is not coming back: start another one. `waitMs` is what the server asked for. */
  onEnd: (reason: string, waitMs: number | undefined) => void;
  createPeer?: () => Peer;
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/** Host candidates are there within milliseconds; a slow interface does not hold the picture up. */
const GATHERING_MS = 300;
const CONNECT_MS = 8_000;

/**
 * One WHEP playback session (draft-ietf-wish-whep): receive-only offer, `201` with the answer and a `Location`,
 * `DELETE` of that location at the end. It never reconnects by itself: who owns it starts a new one.
 */
export class WhepSession {
  #options: WhepOptions;
  #fetch: NonNullable<WhepOptions['fetch']>;
  #abort = new AbortController();
  #peer: Peer | undefined;
  #resource: { url: string; token: string } | undefined;
  #over = false;
  #connectTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: WhepOptions) {
    this.#options = options;
    this.#fetch = options.fetch ?? ((url, init) => fetch(url, init));
  }

  get peer(): Peer | undefined {
    return this.#peer;
  }

  /** Resolves when the answer is applied or the session ended; failures go to `onEnd`, never out of here. */
  async start(): Promise<void> {
    try {
      await this.#connect();
    } catch (error) {
      if (this.#over) return;
      const wait = error instanceof ApiError ? error.retryAfterMs : undefined;
      this.#end(error instanceof ApiError ? `${error.code} ${error.message}`.trim() : String(error), wait);
    }
  }

  /** Ends the session; the server is told even while the page is being closed. Safe to call twice. */
  stop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#release();
  }

  #end(reason: string, waitMs?: number): void {
    if (this.#over) return;
    this.#over = true;
    this.#release();
    this.#options.onEnd(reason, waitMs);
  }

  #release(): void {
    clearTimeout(this.#connectTimer);
    this.#abort.abort();
    this.#peer?.close();
    const resource = this.#resource;
    this.#resource = undefined;
    if (resource) this.#delete(resource);
  }

  #delete(resource: { url: string; token: string }): void {
    this.#fetch(resource.url, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${resource.token}` },
      keepalive: true,
    }).catch(() => undefined);
  }

  async #connect(): Promise<void> {
    const { signal } = this.#abort;
    const grant = await this.#options.grant(signal);
    signal.throwIfAborted();
    const peer = this.#options.createPeer?.() ?? new RTCPeerConnection();
    this.#peer = peer;
    const { receiver } = peer.addTransceiver('video', { direction: 'recvonly' });
    // As little delay as the network allows; a hint where the browser knows it.
    if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = 0;
    peer.addEventListener('track', (event) => {
      const { streams, track } = event;
      this.#options.onStream(streams[0] ?? new MediaStream([track]));
    });
    peer.addEventListener('connectionstatechange', () => {
      if (peer.connectionState === 'connected') clearTimeout(this.#connectTimer);
      if (peer.connectionState === 'failed' || peer.connectionState === 'closed') this.#end('connection failed');
    });
    await peer.setLocalDescription(await peer.createOffer());
    await gathered(peer);
    signal.throwIfAborted();

    const response = await this.#fetch(grant.whepUrl, {
      method: 'POST',
      headers: {
        'content-type': 'application/sdp',
        accept: 'application/sdp',
        authorization: `Bearer ${grant.token}`,
      },
      body: peer.localDescription?.sdp ?? '',
      // Not the session's own signal: an aborted POST could leave a session at the server that nobody deletes.
    });
    if (response.status !== 201) throw errorOf(response, await response.json().catch(() => undefined));
    const location = response.headers.get('location');
    const resource = location && { url: new URL(location, absolute(grant.whepUrl)).href, token: grant.token };
    if (this.#over) {
      if (resource) this.#delete(resource);
      return;
    }
    this.#resource = resource || undefined;
    this.#connectTimer = setTimeout(() => this.#end('no connection in time'), CONNECT_MS);
    await peer.setRemoteDescription({ type: 'answer', sdp: await response.text() });
  }
}

function absolute(url: string): string {
  return new URL(url, typeof location === 'undefined' ? undefined : location.href).href;
}

function gathered(peer: Peer): Promise<void> {
  if (peer.iceGatheringState === 'complete') return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, GATHERING_MS);
    peer.addEventListener('icegatheringstatechange', () => {
      if (peer.iceGatheringState !== 'complete') return;
      clearTimeout(timer);
      resolve();
    });
  });
}

const FIRST_WAIT_MS = 500;
const MAX_WAIT_MS = 10_000;

/** Wait before reconnect number `attempt` (from 0): doubling, bounded, spread by up to a quarter; the server's wish wins. */
export function reconnectDelay(attempt: number, askedMs: number | undefined, random: () => number): number {
  if (askedMs !== undefined) return askedMs;
  const base = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt, 10));
  return Math.round(base * (1 + random() / 4));
}
