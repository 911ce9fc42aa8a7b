import { ApiError, errorOf } from '../api/errors.ts';
import type { EndCause } from './transport-order.ts';

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
  | 'createAnswer'
  | 'setLocalDescription'
  | 'setRemoteDescription'
  | 'localDescription'
  | 'connectionState'
  | 'addEventListener'
  | 'getReceivers'
  | 'close'
>;

/** What a live session tells. */
export interface SessionEvents {
  onStream: (stream: MediaStream) => void;
  /** The session is over and is not coming back: start another one. `waitMs` is what the server asked for. */
  onEnd: (reason: string, waitMs: number | undefined, cause: EndCause) => void;
  /** Media can flow. */
  onConnected?: () => void;
}

/** One source, played live by WHEP. */
export interface LiveSession {
  /** Failures go to `onEnd`, never out of here. */
  start(): void;
  /** Safe to call twice. */
  stop(): void;
  /** Of the receiver of this source. */
  stats(): Promise<RTCStatsReport | undefined>;
}

export interface WhepOptions extends Omit<SessionEvents, 'onStream'> {
  grant: (signal: AbortSignal) => Promise<Grant>;
  /** How many videos the endpoint sends; one unless given. */
  videos?: number;
  /** Sessions that ended, whose place this one takes: who lost the picture is let in again where nobody else is. */
  instead?: readonly string[];
  /** It has begun; by this name another one can take its place. */
  onSession?: (id: string) => void;
  /** @param video counted from 0, in the order of the endpoint's sources. */
  onStream: (stream: MediaStream, video: number) => void;
  createPeer?: () => Peer;
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

const CONNECT_MS = 4_000;

/**
 * One WHEP playback session (draft-ietf-wish-whep): receive-only offer, `201` with the answer, or `406` with another
 * offer that is answered; a `Location`, `DELETE` of that location at the end. It never reconnects by itself: who owns
 * it starts a new one.
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

  async stats(video: number): Promise<RTCStatsReport | undefined> {
    return this.#peer?.getReceivers()[video]?.getStats();
  }

  /** Resolves when the answer is applied or the session ended; failures go to `onEnd`, never out of here. */
  async start(): Promise<void> {
    try {
      await this.#connect();
    } catch (error) {
      if (this.#over) return;
      if (!(error instanceof ApiError)) return this.#end(String(error), undefined, 'refused');
      const cause = error.status === 503 ? 'overloaded' : error.status === 422 ? 'codec' : 'refused';
      this.#end(`${error.code} ${error.message}`.trim(), error.retryAfterMs, cause);
    }
  }

  /** Ends the session; the server is told even while the page is being closed. Safe to call twice. */
  stop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#release();
  }

  #end(reason: string, waitMs: number | undefined, cause: EndCause): void {
    if (this.#over) return;
    this.#over = true;
    this.#release();
    this.#options.onEnd(reason, waitMs, cause);
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
    if (!this.#options.createPeer && typeof RTCPeerConnection === 'undefined') {
      return this.#end('this browser has no WebRTC', undefined, 'codec');
    }
    const peer = this.#newPeer();
    for (let i = 0; i < (this.#options.videos ?? 1); i++) peer.addTransceiver('video', { direction: 'recvonly' });
    const [grant] = await Promise.all([
      this.#options.grant(signal),
      peer.createOffer().then((offer) => peer.setLocalDescription(offer)),
    ]);
    signal.throwIfAborted();
    // At once, without waiting for our candidates: the server learns where we are from our checks (RFC 8445 section 7.3.1.3).
    const url = insteadOf(grant.whepUrl, this.#options.instead ?? []);
    const response = await this.#send('POST', url, grant.token, peer.localDescription?.sdp);
    const counterOffer = response.status === 406 && isSdp(response);
    if (response.status !== 201 && !counterOffer) throw await refusalOf(response);
    const location = response.headers.get('location');
    // It may have been sent on to another instance.
    const base = response.url || absolute(grant.whepUrl);
    const resource = location && { url: new URL(location, base).href, token: grant.token };
    if (this.#over) {
      if (resource) this.#delete(resource);
      return;
    }
    this.#resource = resource || undefined;
    const id = resource && new URL(resource.url).pathname.split('/').at(-1);
    if (id) this.#options.onSession?.(id);
    this.#connectTimer = setTimeout(() => this.#end('no connection in time', undefined, 'connection'), CONNECT_MS);
    const sdp = await response.text();
    if (counterOffer) await this.#answer(sdp);
    else await peer.setRemoteDescription({ type: 'answer', sdp });
  }

  /** The server cannot use what we offered, and offers something else. */
  async #answer(sdp: string): Promise<void> {
    this.#peer?.close();
    const peer = this.#newPeer();
    await peer.setRemoteDescription({ type: 'offer', sdp });
    await peer.setLocalDescription(await peer.createAnswer());
    if (!this.#resource) return;
    const { url, token } = this.#resource;
    const response = await this.#send('PATCH', url, token, peer.localDescription?.sdp);
    if (response.status !== 204) throw await refusalOf(response);
  }

  #newPeer(): Peer {
    const peer = this.#options.createPeer?.() ?? new RTCPeerConnection();
    this.#peer = peer;
    peer.addEventListener('track', ({ streams, track, receiver }) => {
      // As little delay as the network allows; a hint where the browser knows it.
      if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = 0;
      const video = Math.max(0, peer.getReceivers().indexOf(receiver));
      const alone = (this.#options.videos ?? 1) === 1 ? streams[0] : undefined;
      this.#options.onStream(alone ?? new MediaStream([track]), video);
    });
    peer.addEventListener('connectionstatechange', () => {
      if (peer !== this.#peer) return;
      if (peer.connectionState === 'connected') {
        clearTimeout(this.#connectTimer);
        this.#options.onConnected?.();
      }
      if (peer.connectionState === 'failed' || peer.connectionState === 'closed') {
        this.#end('connection failed', undefined, 'connection');
      }
    });
    return peer;
  }

  #send(method: 'POST' | 'PATCH', url: string, token: string, sdp = ''): Promise<Response> {
    const headers = { 'content-type': SDP, accept: SDP, authorization: `Bearer ${token}` };
    // Not the session's own signal: an aborted POST could leave a session at the server that nobody deletes.
    return this.#fetch(url, { method, headers, body: sdp });
  }
}

const SDP = 'application/sdp';
const isSdp = ({ headers }: Response): boolean => headers.get('content-type')?.startsWith(SDP) === true;

const refusalOf = async (response: Response): Promise<ApiError> =>
  errorOf(response, await response.json().catch(() => undefined));

function absolute(url: string): string {
  return new URL(url, typeof location === 'undefined' ? undefined : location.href).href;
}

export function insteadOf(url: string, sessions: readonly string[]): string {
  return sessions.length === 0 ? url : `${url}${url.includes('?') ? '&' : '?'}instead=${sessions.join(',')}`;
}

const FIRST_WAIT_MS = 500;
const MAX_WAIT_MS = 10_000;

/** Wait before reconnect number `attempt` (from 0): doubling, bounded, spread by up to a quarter; the server's wish wins. */
export function reconnectDelay(attempt: number, askedMs: number | undefined, random: () => number): number {
  if (askedMs !== undefined) return askedMs;
  const base = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt, 10));
  return Math.round(base * (1 + random() / 4));
}
