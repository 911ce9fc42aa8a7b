import { randomBytes } from 'node:crypto';
import { inputError, SmartBoxError, verifyLiveToken, type LiveClaims, type LiveUse } from '@smartbox/kernel';
import { announce, onlyWhatIsSent, rtcpMuxOnly } from '../domain/answer.ts';
import { readFragment, restartOf } from '../domain/ice-fragment.ts';
import { iceOf } from '../domain/offer.ts';
import { KeptPlaces } from './kept-places.ts';
import type { Admission, LiveSource, ViewerHost, WantedSource } from './ports.ts';
import type { ViewerJournal } from './viewer-journal.ts';

/** Sources of one room that are watched together. */
export interface Sources {
  stationId: string;
  sourceIds: readonly string[];
}

export interface Session extends Sources {
  id: string;
  /** Of the ICE session that runs now. */
  etag: string;
  /** The viewer's; undefined while our offer waits for its answer. */
  iceUfrag: string | undefined;
  who: string;
  /** The viewer has ended it; it is still being taken down. */
  over: boolean;
}

/** `counterOffer`: the session begins with the answer to it. */
export interface Joined {
  session: Session;
  sdp: string;
  counterOffer: boolean;
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
  readonly #admission: Admission;
  readonly #places = new KeptPlaces();
  readonly #settings: SessionSettings;

  constructor(
    host: ViewerHost,
    live: LiveSource,
    journal: ViewerJournal,
    admission: Admission,
    settings: SessionSettings,
  ) {
    this.#admission = admission;
    this.#host = host;
    this.#live = live;
    this.#settings = settings;
    host.onGone((viewer) => {
      const session = this.#sessions.get(viewer);
      this.#sessions.delete(viewer);
      this.left(viewer);
      for (const sourceId of session?.sourceIds ?? []) journal.gone(watchId(session, sourceId));
    });
    host.onPlaying((viewer, sourceId) => {
      const session = this.#sessions.get(viewer);
      if (!session) return;
      const { stationId, who } = session;
      journal.plays({ viewerId: watchId(session, sourceId), stationId, sourceId, who, transport: 'webrtc' });
    });
  }

  get count(): number {
    return this.#sessions.size;
  }

  /** Returns who it was granted to. @throws as `claims`. */
  authorize(authorization: string | undefined, sources: Sources, use: LiveUse = 'watch'): string {
    return this.claims(authorization, sources, use).who ?? 'unknown';
  }

  /**
   * What the token says. One to watch is none to publish, nor the other way round.
   * @throws SmartBoxError `live-token-missing`, `live-token-invalid`, `live-token-expired`, `live-token-other-stream`,
   * `live-token-other-use`.
   */
  claims(authorization: string | undefined, { stationId, sourceIds }: Sources, use: LiveUse): LiveClaims {
    const token = /^Bearer ([\w.-]+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) throw inputError('live-token-missing', 'a bearer token is needed (RFC 6750)');
    const claims = verifyLiveToken(token, this.#settings.liveTokenSecret);
    if (claims.stationId !== stationId || sourceIds.some((sourceId) => !claims.sourceIds.includes(sourceId))) {
      throw inputError('live-token-other-stream', 'this live link is for another stream');
    }
    if (claims.use !== use)
      throw inputError('live-token-other-use', `this live link is to ${claims.use}, not to ${use}`);
    return claims;
  }

  /** Are there such sources, and what are they? @throws SmartBoxError `unknown-station`, `unknown-source`. */
  async present({ stationId, sourceIds }: Sources): Promise<WantedSource[]> {
    const wanted: WantedSource[] = [];
    for (const sourceId of sourceIds) {
      const { presence, profileLevelId } = await this.#live.facts(stationId, sourceId);
      if (presence === 'unknown-station') throw inputError('unknown-station', `there is no station ${stationId}`);
      if (presence === 'unknown-source') throw inputError('unknown-source', `${stationId} has no source ${sourceId}`);
      wanted.push({ sourceId, profileLevelId });
    }
    return wanted;
  }

  /**
   * As `present`, and is there room for a viewer, or a place that it had?
   * @param instead sessions of the same viewer that this one takes the place of.
   * @throws SmartBoxError `overloaded`.
   */
  async welcome(sources: Sources, instead: readonly string[]): Promise<WantedSource[]> {
    const wanted = await this.present(sources);
    if (!this.#places.take(instead, sources.sourceIds)) this.#admission.admit();
    return wanted;
  }

  /** Somebody watches under this name, which is random: the place is kept for a while after `left`, also for the other way. */
  seated(id: string, { sourceIds }: Sources): void {
    this.#places.taken(id, sourceIds);
  }

  left(id: string): void {
    this.#places.left(id);
  }

  /** Answers an offer, or makes another one. What goes back has every candidate: nothing needs to be trickled by us. */
  async join(sources: Sources, offer: string, who: string, instead: readonly string[] = []): Promise<Joined> {
    const wanted = await this.welcome(sources, instead);
    // Random: knowing one session tells nothing about another.
    const id = randomBytes(16).toString('base64url');
    const { kind, sdp } = await this.#host.join(id, sources.stationId, wanted, offer);
    const counterOffer = kind === 'counter-offer';
    const iceUfrag = counterOffer ? undefined : iceOf(offer).ufrag;
    const session: Session = { ...sources, id, etag: newEtag(), iceUfrag, who, over: false };
    this.#sessions.set(id, session);
    this.seated(id, sources);
    const ours = counterOffer ? rtcpMuxOnly(sdp) : onlyWhatIsSent(sdp);
    return { session, sdp: announce(ours, this.#settings.announcedAddresses), counterOffer };
  }

  /** To an offer of ours. @throws SmartBoxError `already-answered`, `invalid-offer`, `no-common-codec`, `unknown-session`. */
  async answer(id: string, sources: Sources, sdp: string): Promise<void> {
    const session = this.#find(id, sources);
    await this.#host.answer(id, sdp);
    session.iceUfrag = iceOf(sdp).ufrag;
  }

  /**
   * A fragment (draft-ietf-wish-whep, "Trickle ICE" and "ICE Restarts"): candidates, or an ICE restart, which is
   * answered with our side of it and the session's new `etag`. Clients that send no `If-Match` with candidates are
   * tolerated.
   */
  async patch(
    id: string,
    sources: Sources,
    fragment: string,
    ifMatch: string | undefined,
  ): Promise<{ fragment: string; etag: string } | undefined> {
    const session = this.#find(id, sources);
    if (ifMatch !== undefined && ifMatch !== '*' && ifMatch !== session.etag) {
      throw inputError('etag-mismatch', 'If-Match names another ICE session');
    }
    const read = readFragment(fragment);
    if (read.iceUfrag === undefined || read.iceUfrag === session.iceUfrag) {
      this.#host.addCandidates(id, read.candidates);
      return undefined;
    }
    if (ifMatch === undefined) throw inputError('precondition-required', 'an ICE restart needs If-Match');
    const ice = restartOf(read);
    const { sdp } = await this.#host.restartIce(id, ice);
    session.iceUfrag = ice.ufrag;
    session.etag = newEtag();
    return { fragment: announce(sdp, this.#settings.announcedAddresses), etag: session.etag };
  }

  /** Ends a session; ending one that is over is fine. */
  leave(id: string, sources: Sources): void {
    const session = this.#sessions.get(id);
    if (!session || !isSame(session, sources)) return;
    session.over = true;
    this.#host.leave(id);
  }

  #find(id: string, sources: Sources): Session {
    const session = this.#sessions.get(id);
    if (session && !session.over && isSame(session, sources)) return session;
    throw new SmartBoxError({ code: 'unknown-session', message: 'this session is over', fault: 'input' });
  }
}

const isSame = (a: Sources, b: Sources): boolean =>
  a.stationId === b.stationId && a.sourceIds.join() === b.sourceIds.join();

const newEtag = (): string => `"${randomBytes(8).toString('hex')}"`;

/** One watching is one source. */
function watchId(session: Session | undefined, sourceId: string): string {
  return session && session.sourceIds.length > 1 ? `${session.id}.${sourceId}` : (session?.id ?? '');
}
