import { z } from 'zod';
import { ConversationSide } from '../conversation.ts';
import { Token, Ulid } from '../primitives.ts';

const Viewer = z.object({
  stationId: Token,
  sourceId: Token,
  /** One watching; random, says nothing of the person. */
  viewerId: z.string(),
  /** The account the live link was granted to: staff, never a patient. */
  who: z.string(),
  /** `hls`: looking back. */
  transport: z.enum(['webrtc', 'websocket', 'hls']),
});

/** evt.streaming.viewer.joined: somebody sees the first picture. */
export const ViewerJoined = Viewer;

/** evt.streaming.viewer.left */
export const ViewerLeft = Viewer.extend({ watchedMs: z.int().nonnegative() });

const Person = z.object({
  stationId: Token,
  procedureId: Ulid,
  /** One presence in the conversation; random. */
  personId: z.string(),
  /** The account, and how the others saw it: staff, never a patient. */
  who: z.string(),
  name: z.string(),
  side: ConversationSide,
});

/** evt.streaming.conversation.joined */
export const ConversationJoined = Person;

/** evt.streaming.conversation.left */
export const ConversationLeft = Person.extend({ presentMs: z.int().nonnegative() });

/** Counted from 0 per person: one utterance, one stretch of drawing. */
const Act = Person.extend({ act: z.int().nonnegative() });

/** evt.streaming.speech.began, evt.streaming.drawing.began. What was said or drawn is nowhere. */
export const ActBegan = Act;

/** evt.streaming.speech.ended, evt.streaming.drawing.ended */
export const ActEnded = Act.extend({ durationMs: z.int().nonnegative() });
