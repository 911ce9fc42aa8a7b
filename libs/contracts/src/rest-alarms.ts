import { z } from 'zod';
import { Instant, Token } from './primitives.ts';

/** What a person should know about, under /api/v1/alarms. */

/** What there are alarms about. Clients show an unknown one of a later version by its reason. */
export const alarmCodes = [
  'source-no-signal',
  'source-frozen',
  'source-offline',
  'ring-gap',
  'broker-lost',
  'clip-failed',
  'quality-low',
  'frames-differ',
  'delivery-failed',
  'commitment-failed',
  'procedure-step-failed',
  'certificate-ending',
  'store-filling',
  'break-glass',
  'audit-broken',
  'audit-behind',
] as const;
export type AlarmCode = (typeof alarmCodes)[number];

/** One line of GET /alarms: the same trouble at the same place, as often as it came. */
export const AlarmView = z.object({
  code: z.string(),
  stationId: Token.optional(),
  sourceId: Token.optional(),
  reason: z.string(),
  /** The newest and the oldest that nobody has acknowledged (of all, where all were). */
  at: Instant,
  firstAt: Instant,
  times: z.int(),
  /** The trouble has ended since. */
  over: z.boolean(),
  acknowledged: z.object({ by: z.string(), at: Instant }).optional(),
});
export type AlarmView = z.infer<typeof AlarmView>;

/** Body of POST /alarms/acknowledge: those of this kind and place up to `upTo`; newer ones stay open. */
export const AcknowledgeAlarm = z.object({
  code: z.string().min(1).max(100),
  stationId: Token.optional(),
  sourceId: Token.optional(),
  upTo: Instant,
});
