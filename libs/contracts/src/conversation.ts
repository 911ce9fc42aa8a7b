import { z } from 'zod';
import { Token, Ulid } from './primitives.ts';

/**
 * Talking and pointing between a room and those who watch it. Nothing of it is stored or recorded: voices are Opus,
 * drawings are messages, both live as long as they are heard and seen; the audit says who did either, and when.
 */
export const conversationRights = ['speak', 'draw'] as const;
export const ConversationRight = z.enum(conversationRights);
export type ConversationRight = z.infer<typeof ConversationRight>;

/** The touch panel in the room, or somebody at a desk elsewhere. */
export const ConversationSide = z.enum(['room', 'desk']);
export type ConversationSide = z.infer<typeof ConversationSide>;

/** So many voices are heard at once; a fourth waits. */
export const CONVERSATION_VOICES = 3;
/** A line is seen for so long after it was drawn, then it fades within the last second. */
export const DRAWING_SECONDS = 8;
/** Each person has one of so many colours; 0 is the room's. */
export const CONVERSATION_COLOURS = 7;

export const ConversationPerson = z.object({
  personId: z.string().min(8).max(40),
  /** How the others see this person: the account, or the name that was given. */
  name: z.string().max(60),
  side: ConversationSide,
  colour: z
    .int()
    .min(0)
    .max(CONVERSATION_COLOURS - 1),
  rights: z.array(ConversationRight),
  speaking: z.boolean(),
  drawing: z.boolean(),
});
export type ConversationPerson = z.infer<typeof ConversationPerson>;

/** Of the picture's width and height, from the upper left corner: the same place on every screen. */
const Share = z.number().min(0).max(1);
const Place = z.tuple([Share, Share]);

/** What a person draws on the picture of one source. */
export const Drawing = z.discriminatedUnion('t', [
  /** The pointer; `at: null`: it is taken away. */
  z.object({ t: z.literal('point'), source: Token, at: Place.nullable() }),
  /** More of a line; `line` is chosen by who draws it. */
  z.object({ t: z.literal('line'), source: Token, line: z.int().nonnegative(), places: z.array(Place).min(1).max(64) }),
  /** Lines are taken away: one's own, or everybody's, which the room may. */
  z.object({ t: z.literal('clear'), all: z.boolean() }),
]);
export type Drawing = z.infer<typeof Drawing>;

/** From a person, over the data channel. */
export const ConversationRequest = z.discriminatedUnion('t', [
  /** Repeated every few seconds: who is silent has gone. */
  z.object({ t: z.literal('here') }),
  z.object({ t: z.literal('speak'), on: z.boolean() }),
  ...Drawing.options,
]);
export type ConversationRequest = z.infer<typeof ConversationRequest>;

/** To a person, over the data channel. */
export const ConversationNews = z.discriminatedUnion('t', [
  /** Who one is; the first message. */
  z.object({ t: z.literal('you'), person: ConversationPerson }),
  /** Everybody, after each change. */
  z.object({ t: z.literal('people'), people: z.array(ConversationPerson) }),
  z.object({ t: z.literal('drawn'), personId: z.string(), colour: z.int(), drawing: Drawing }),
  /** What was asked is not done. */
  z.object({ t: z.literal('refused'), what: z.enum(['speak', 'draw']), code: z.string() }),
]);
export type ConversationNews = z.infer<typeof ConversationNews>;

/** Label of the data channel, and its sub-protocol. */
export const CONVERSATION_CHANNEL = 'smartbox.conversation.v1';

/**
 * KV bucket PROCEDURES, key `conversation.<stationId>`, written by the catalog alone: the procedure during which the
 * room has switched it on; null: it is off.
 */
export const StationConversation = z.object({ stationId: Token, procedureId: Ulid.nullable() });
export type StationConversation = z.infer<typeof StationConversation>;

/** Core NATS, not stored: what the instances of the streaming service tell each other of one room. */
export const conversationSubject = (stationId: string): string => `talk.${stationId}`;
