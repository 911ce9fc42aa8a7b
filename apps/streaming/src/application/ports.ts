import type { DvrIndex } from '../domain/dvr-index.ts';

/** `<station>.<source>`: one live stream. */
export type SourceKey = string;
export const sourceKey = (stationId: string, sourceId: string): SourceKey => `${stationId}.${sourceId}`;

export type Presence = 'present' | 'unknown-station' | 'unknown-source' | 'not-known';

/** The corridor as this service uses it. */
export interface LiveSource {
  /** Every access unit of the source, header included, until the returned function is called. */
  subscribe(stationId: string, sourceId: string, take: (bytes: Uint8Array) => void): () => void;
  /** Asks the camera's encoder for a keyframe now; never fails, the next regular one comes anyway. */
  requestKeyframe(stationId: string, sourceId: string): void;
  /** What the station says of itself. */
  presence(stationId: string, sourceId: string): Promise<Presence>;
}

export interface Joined {
  sdp: string;
  /** Of the viewer's offer: another one in a later fragment is an ICE restart. */
  iceUfrag: string;
}

export type LeaveListener = (viewer: string, reason: string) => void;

/** Viewers, in processes of their own. */
export interface ViewerHost {
  /** @throws SmartBoxError `overloaded`, `source-not-live`, `invalid-offer`, `no-common-codec`. */
  join(viewer: string, stationId: string, sourceId: string, offer: string): Promise<Joined>;
  addCandidates(viewer: string, candidates: { mid: string; candidate: string }[]): void;
  leave(viewer: string): void;
  onGone(listener: LeaveListener): void;
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
