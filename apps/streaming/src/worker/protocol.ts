import type { Described } from '../domain/answer.ts';
import type { IceCredentials } from '../domain/offer.ts';

/** Messages between the service and a worker process: structured clones over the fork's channel. */
export type ToWorker =
  /** `profiles`: of each source, where the station says it (`profile-level-id`, RFC 6184 section 8.1). */
  | {
      t: 'join';
      viewer: string;
      sources: readonly string[];
      profiles: readonly (string | undefined)[];
      offer: string;
    }
  /** To the offer that we made. */
  | { t: 'answer'; viewer: string; sdp: string }
  | { t: 'restart'; viewer: string; ice: IceCredentials }
  | { t: 'candidates'; viewer: string; candidates: { mid: string; candidate: string }[] }
  | { t: 'leave'; viewer: string }
  /** One message of `live.<station>.<source>`, header included. */
  | { t: 'unit'; source: string; bytes: Uint8Array }
  /** Nobody here watches it any more. */
  | { t: 'forget'; source: string };

/** What is answered once, by `done` or `refused`; a viewer has one of them under way at a time. */
export type Request = Extract<ToWorker, { t: 'join' | 'answer' | 'restart' }>;

export type FromWorker =
  | { t: 'ready'; udpPort: number }
  | { t: 'done'; viewer: string; described: Described }
  | { t: 'refused'; viewer: string; code: string; message: string }
  /** The first picture of a source has left for the viewer. */
  | { t: 'playing'; viewer: string; source: string }
  | { t: 'gone'; viewer: string; reason: string }
  | { t: 'keyframe-wanted'; source: string }
  /** So many units have been handed to the network since the start: what is missing is waiting in the channel. */
  | { t: 'taken'; units: number };

/** Units between two `taken` messages. */
export const TAKEN_EVERY = 8;

export interface WorkerSettings {
  /** undefined: every interface. */
  bindAddress: string | undefined;
  /** 0: a free one. */
  udpPort: number;
  /** Of those whose ICE session was restarted; 0: a free one. */
  restartPort: number;
  /** A viewer without RTCP for this long is gone, ms. */
  silenceMs: number;
  /** A viewer that has not connected by then is gone, ms. */
  connectMs: number;
  /** How long an offer of ours waits for its answer, ms. */
  offerMs: number;
  /** How long a join waits for the first picture of a source, ms. */
  pictureMs: number;
}

/** What is about a viewer or a source, not about the process. */
export type ViewerMessage = Exclude<FromWorker, { t: 'ready' | 'taken' }>;
