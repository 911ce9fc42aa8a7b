import type { ConversationSide, EventData } from '@smartbox/contracts';

/** People's connections, in a process of their own. */
export interface VoiceHost {
  /** The answer with all candidates. @throws SmartBoxError `invalid-offer`, `overloaded`. */
  join(person: string, room: string, offer: string, maySpeak: boolean): Promise<string>;
  say(person: string, text: string): void;
  /** One RTP packet of somebody's voice, to everybody else here in the room. */
  voice(room: string, from: string, rtp: Uint8Array): void;
  silent(room: string, from: string): void;
  leave(person: string): void;
  on(listener: VoiceListener): void;
}

export interface VoiceListener {
  open(person: string): void;
  said(person: string, text: string): void;
  voice(person: string, rtp: Uint8Array): void;
  gone(person: string, reason: string): void;
}

/** The way between the instances of this service, and to itself: what is published comes back too. */
export interface TalkCorridor {
  publish(stationId: string, bytes: Uint8Array): void;
  subscribe(stationId: string, take: (bytes: Uint8Array) => void): () => void;
}

/** The rooms whose conversation is switched on. */
export interface OpenRooms {
  /** The procedure during which it is; undefined: it is off. */
  procedure(stationId: string): string | undefined;
  onChange(listener: (stationId: string) => void): void;
}

/** Who takes part where, as the audit has it. */
export type Present = EventData<'streaming.conversation.joined'>;
export type Act = 'speech' | 'drawing';

/** Where it is kept who took part, spoke and drew. None rejects. */
export interface ConversationJournal {
  joined(of: Present): void;
  left(of: Present, presentMs: number): void;
  began(what: Act, of: Present, act: number): void;
  ended(what: Act, of: Present, act: number, durationMs: number): void;
}

/** What a token says of the person who joins. */
export interface Guest {
  who: string;
  name: string;
  side: ConversationSide;
  rights: readonly string[];
}
