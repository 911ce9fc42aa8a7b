import { randomBytes } from 'node:crypto';
import { inputError, SmartBoxError, verifyLiveToken } from '@smartbox/kernel';
import { announce, onlyWhatIsSent, readFragment } from '../domain/offer.ts';
import type { LiveSource, ViewerHost } from './ports.ts';

export interface Session {
  id: string;
  etag: string;
  stationId: string;
  sourceId: string;
  iceUfrag: string;
}

export interface SessionSettings {
  liveTokenSecret: string;
  announcedAddresses: readonly string[];
}

/** WHEP sessions: who may watch what, and what a session allows afterwards. */
export class LiveSessions {
  readonly #sessions = new Map<string, Session>();
  readonly #host: ViewerHost;
  readonly #live: LiveSource;
  readonly #settings: SessionSettings;

  constructor(host: ViewerHost, live: LiveSource, settings: SessionSettings) {
    this.#host = host;
    this.#live = live;
    this.#settings = settings;
    host.onGone((viewer) => this.#sessions.delete(viewer));
  }

  get count(): number {
    return this.#sessions.size;
  }

  /** @throws SmartBoxError `live-token-missing`, `live-token-invalid`, `live-token-expired`, `live-token-other-stream`. */
  authorize(authorization: string | undefined, stationId: string, sourceId: string): void {
    const token = /^Bearer ([\w.-]+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) throw inputError('live-token-missing', 'a bearer token is needed (RFC 6750)');
    const claims = verifyLiveToken(token, this.#settings.liveTokenSecret);
    if (claims.stationId !== stationId || claims.sourceId !== sourceId) {
      throw inputError('live-token-other-stream', 'this live link is for another stream');
    }
  }

  /** Answers an offer. The answer has every candidate: nothing needs to be trickled by us. */
  async join(stationId: string, sourceId: string, offer: string): Promise<{ session: Session; answer: string }> {
    const presence = await this.#live.presence(stationId, sourceId);
    if (presence === 'unknown-station') throw inputError('unknown-station', `there is no station ${stationId}`);
    if (presence === 'unknown-source') throw inputError('unknown-source', `${stationId} has no source ${sourceId}`);
    // Random: knowing one session tells nothing about another.
    const id = randomBytes(16).toString('base64url');
    const { sdp, iceUfrag } = await this.#host.join(id, stationId, sourceId, offer);
    const session = { id, etag: `"${randomBytes(8).toString('hex')}"`, stationId, sourceId, iceUfrag };
    this.#sessions.set(id, session);
    return { session, answer: announce(onlyWhatIsSent(sdp), this.#settings.announcedAddresses) };
  }

  /**
   * A trickled fragment (RFC 9725 section 4.3.1, which WHEP shares). Clients that send no `If-Match` are tolerated;
   * an ICE restart is refused, the client starts a new session instead.
   */
  trickle(id: string, stationId: string, sourceId: string, fragment: string, ifMatch: string | undefined): void {
    const session = this.#find(id, stationId, sourceId);
    if (ifMatch !== undefined && ifMatch !== '*' && ifMatch !== session.etag) {
      throw inputError('etag-mismatch', 'If-Match names another ICE session');
    }
    const { iceUfrag, candidates } = readFragment(fragment);
    if (iceUfrag !== undefined && iceUfrag !== session.iceUfrag) {
      throw inputError('ice-restart-unsupported', 'an ICE restart is not possible here: start a new session');
    }
    this.#host.addCandidates(id, candidates);
  }

  /** Ends a session; ending one that is over is fine. */
  leave(id: string, stationId: string, sourceId: string): void {
    const session = this.#sessions.get(id);
    if (session?.stationId !== stationId || session.sourceId !== sourceId) return;
    this.#sessions.delete(id);
    this.#host.leave(id);
  }

  #find(id: string, stationId: string, sourceId: string): Session {
    const session = this.#sessions.get(id);
    if (session && session.stationId === stationId && session.sourceId === sourceId) return session;
    throw new SmartBoxError({ code: 'unknown-session', message: 'this session is over', fault: 'input' });
  }
}
