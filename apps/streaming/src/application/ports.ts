import type { Described } from '../domain/answer.ts';
import type { DvrIndex } from '../domain/dvr-index.ts';
import type { IceCredentials } from '../domain/offer.ts';

/** `<station>.<source>`: one live stream. */
export type SourceKey = string;
export const sourceKey = (stationId: string, sourceId: string): SourceKey => `${stationId}.${sourceId}`;

export type Presence = 'present' | 'unknown-station' | 'unknown-source' | 'not-known';

/** What a station says of one of its sources. */
export interface SourceFacts {
  presence: Presence;
  /** While there is a picture: `profile-level-id` of its H.264 (RFC 6184 section 8.1). */
  profileLevelId: string | undefined;
}

/** A source to be watched, with what the station says of it. */
export interface WantedSource {
  sourceId: string;
  profileLevelId: string | undefined;
}

/** The corridor as this service uses it. */
export interface LiveSource {
  /** Every access unit of the source, header included, until the returned function is called. */
  subscribe(stationId: string, sourceId: string, take: (bytes: Uint8Array) => void): () => void;
  /** Asks the camera's encoder for a keyframe now; never fails, the next regular one comes anyway. */
  requestKeyframe(stationId: string, sourceId: string): void;
  /** What the station says of itself. */
  facts(stationId: string, sourceId: string): Promise<SourceFacts>;
}

export type LeaveListener = (viewer: string, reason: string) => void;

/** Viewers, in processes of their own. A request may also fail as `overloaded`. */
export interface ViewerHost {
  /** The answer, or an offer of our own where the viewer's does not do. @throws SmartBoxError `source-not-live`, `invalid-offer`. */
  join(viewer: string, stationId: string, sources: readonly WantedSource[], offer: string): Promise<Described>;
  /** To an offer of our own. @throws SmartBoxError `already-answered`, `invalid-offer`, `no-common-codec`. */
  answer(viewer: string, sdp: string): Promise<void>;
  /** The fragment with our side of a new ICE session. @throws SmartBoxError `not-connected`. */
  restartIce(viewer: string, ice: IceCredentials): Promise<Described>;
  addCandidates(viewer: string, candidates: { mid: string; candidate: string }[]): void;
  leave(viewer: string): void;
  onGone(listener: LeaveListener): void;
  /** The viewer sees the first picture of a source. */
  onPlaying(listener: (viewer: string, sourceId: string) => void): void;
}

/** The way to the capture process of a source that somebody sends to. */
export interface SenderSignals {
  /** The answer to an offer. @throws SmartBoxError as the station says, `no-responders` where it is away. */
  send(
    stationId: string,
    sourceId: string,
    signal: { session: string; action: 'offer' | 'candidates' | 'end'; sdp?: string },
  ): Promise<string | undefined>;
}

/** May somebody else come? */
export interface Admission {
  /** Nobody. */
  readonly busy: boolean;
  /** @throws SmartBoxError `overloaded`. */
  admit(): void;
}

/** How a viewer gets its pictures live. */
export type LiveWay = 'webrtc' | 'websocket';

/** The other instances of this service. */
export interface Instances {
  /** The address of one that has room; undefined where none has. */
  withRoom(way: LiveWay): string | undefined;
}

/** What is known of a source's ring. */
export interface PastState {
  index: DvrIndex;
  /** How long the ring keeps a message. */
  windowMs: number;
  /** The broker's clock now, milliseconds since 1970. */
  brokerNowMs: number;
}

/** One message of the ring: `initBytes` of header, then moof+mdat. `expired`: dropped; `unknown`: never there. */
export type RingPiece = { procedure: string; initBytes: number; payload: Uint8Array } | 'expired' | 'unknown';

/** The ring of a station, looked at from behind. */
export interface Past {
  /** What runs in the room now. */
  procedure(stationId: string): Promise<string | undefined>;
  /** Undefined where the station has no ring. */
  look(stationId: string, sourceId: string): Promise<PastState | undefined>;
  piece(stationId: string, sourceId: string, streamSequence: number): Promise<RingPiece>;
}
