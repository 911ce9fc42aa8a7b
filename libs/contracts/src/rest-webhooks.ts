import { z } from 'zod';
import { Instant, Token, Ulid } from './primitives.ts';

/** Where other systems are told what happens, under /api/v1/webhooks. */

/** GET /webhooks */
export const WebhookView = z.object({
  name: Token,
  /** Without path and query: they may hold a key. */
  origin: z.string(),
  types: z.array(z.string()),
  /** Where its address may lie. */
  reach: z.enum(['public', 'site', 'machine']),
  waiting: z.int(),
  failed: z.int(),
  lastDeliveredAt: Instant.optional(),
});

/** GET /webhooks/{name}/deliveries: one message and what became of it. */
export const WebhookDeliveryView = z.object({
  messageId: Ulid,
  type: z.string(),
  state: z.enum(['delivered', 'waiting', 'failed']),
  attempts: z.int(),
  /** HTTP status of the last answer; absent where there was none. */
  status: z.int().optional(),
  reason: z.string().optional(),
  firstAt: Instant,
  lastAt: Instant,
  nextAt: Instant.optional(),
  /** What was sent, as it was signed: identifiers only. Absent in entries of older versions. */
  body: z.string().optional(),
});
export type WebhookDeliveryView = z.infer<typeof WebhookDeliveryView>;

/** POST /webhooks/{name}/test: what the receiver answered to a signed message of type `test`. */
export const WebhookTest = z.object({
  ok: z.boolean(),
  status: z.int().optional(),
  reason: z.string().optional(),
  durationMs: z.number(),
});
