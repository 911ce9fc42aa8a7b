/** Messages between the service and the worker that carries its conversations. */
export type ToVoices =
  | { t: 'join'; person: string; room: string; offer: string; maySpeak: boolean }
  /** Over the data channel. */
  | { t: 'say'; person: string; text: string }
  /** One RTP packet of somebody's voice, to everybody else in the room. */
  | { t: 'voice'; room: string; from: string; rtp: Uint8Array }
  /** That voice has ended. */
  | { t: 'silent'; room: string; from: string }
  | { t: 'leave'; person: string };

export type FromVoices =
  | { t: 'ready' }
  | { t: 'done'; person: string; sdp: string }
  | { t: 'refused'; person: string; code: string; message: string }
  /** The data channel is open. */
  | { t: 'open'; person: string }
  | { t: 'said'; person: string; text: string }
  | { t: 'voice'; person: string; rtp: Uint8Array }
  | { t: 'gone'; person: string; reason: string };

export interface VoiceSettings {
  bindAddress: string | undefined;
  /** 0: a free one. */
  udpPort: number;
  /** Somebody who has not connected by then is gone, ms. */
  connectMs: number;
}
