/** Messages between the service and a worker process: structured clones over the fork's channel. */
export type ToWorker =
  | { t: 'join'; viewer: string; source: string; offer: string }
  | { t: 'candidates'; viewer: string; candidates: { mid: string; candidate: string }[] }
  | { t: 'leave'; viewer: string }
  /** One message of `live.<station>.<source>`, header included. */
  | { t: 'unit'; source: string; bytes: Uint8Array }
  /** Nobody here watches it any more. */
  | { t: 'forget'; source: string };

export type FromWorker =
  | { t: 'ready'; udpPort: number }
  | { t: 'answer'; viewer: string; sdp: string; iceUfrag: string }
  | { t: 'refused'; viewer: string; code: string; message: string }
  /** The first picture has left for the viewer. */
  | { t: 'playing'; viewer: string }
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
  /** A viewer without RTCP for this long is gone, ms. */
  silenceMs: number;
  /** A viewer that has not connected by then is gone, ms. */
  connectMs: number;
  /** How long a join waits for the first picture of a source, ms. */
  pictureMs: number;
}

/** What is about a viewer or a source, not about the process. */
export type ViewerMessage = Exclude<FromWorker, { t: 'ready' | 'taken' }>;
