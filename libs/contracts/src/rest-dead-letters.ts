import { z } from 'zod';
import { Instant } from './primitives.ts';

/** Messages that a service gave up, under /api/v1/dead-letters. */

/** One line of GET /dead-letters. Nothing of the message's content: it may name a patient. */
export const DeadLetterView = z.object({
  /** In the stream DEAD, where its bytes stay for 90 days, until it was delivered again or discarded. */
  sequence: z.int().positive(),
  at: Instant,
  /** Who gave it up, and in which work. */
  service: z.string(),
  consumer: z.string(),
  /** Where it came from. */
  subject: z.string(),
  stream: z.string(),
  streamSequence: z.int().positive(),
  /** Times that it was tried, all together. */
  deliveries: z.int().nonnegative(),
  code: z.string(),
  reason: z.string(),
  traceId: z.string().optional(),
});
export type DeadLetterView = z.infer<typeof DeadLetterView>;

/** Body of POST /dead-letters/deliver: everything that one consumer gave up. */
export const DeliverAllAgain = z.object({ consumer: z.string().trim().min(1).max(200) });

/** Its answer: so many are on their way. */
export const DeliveredAgain = z.object({ letters: z.int().nonnegative() });

/** Body of POST /dead-letters/:sequence/discard */
export const DiscardLetter = z.object({
  reason: z.string().trim().min(3, 'at least 3 characters that say why').max(1000),
});
