import { z } from 'zod';
import { Instant, Token, Ulid } from './primitives.ts';
import { HoldNote, Patient } from './rest-procedures.ts';
import { RetentionKind, RetentionNeeds, RetentionRule } from './retention.ts';

/** What is removed when, what never is, and what was: under /api/v1/retention and /api/v1/holds. */

/** So many sources, edits and exports, and what they take in the object store. */
const Amount = z.object({ items: z.int(), bytes: z.int() });

/** Why something that is due stays: marked to be kept, under legal hold, or not as far as its rule wants it. */
export const RetentionBlock = z.enum(['keep', 'hold', 'not-yet']);
export type RetentionBlock = z.infer<typeof RetentionBlock>;

export const RuleView = RetentionRule.extend({
  /** All that it decides about, due or not. */
  matched: Amount,
  /** It can never remove anything, for this reason. */
  never: z.enum(['not-archived-by-design', 'hidden-by-earlier-rule']).optional(),
});
export type RuleView = z.infer<typeof RuleView>;

/** How long the object store will do. Days are those of the site. */
export const StoreForecast = z.object({
  used: Amount,
  capacityBytes: z.int().optional(),
  /** Mean of the last four weeks, or of as long as there is anything. */
  addedPerDayBytes: z.int(),
  /** End of each day from today on, when every day adds what an average one did: with the rules, and without any. */
  days: z.array(z.object({ date: z.iso.date(), withRules: z.int(), withoutRules: z.int() })),
  /** As things are now, within two years; absent: not, or the capacity is not known. */
  fullOn: z.iso.date().optional(),
  warnDays: z.int().optional(),
});
export type StoreForecast = z.infer<typeof StoreForecast>;

/** GET /retention */
export const RetentionView = z.object({
  /** `none`: there is no configuration file. */
  mode: z.enum(['none', 'dry-run', 'on']),
  rules: z.array(RuleView),
  /** What no rule decides about: it stays. */
  unmatched: Amount,
  /** Rules that were changed act from then on. */
  actsFrom: Instant.optional(),
  perHour: z.int(),
  /** Due now, and free to go. */
  due: Amount,
  /** Due now, and not removed. */
  blocked: z.array(Amount.extend({ by: RetentionBlock })),
  removed: Amount,
  /** Why removals do not go on at present. */
  trouble: z.string().optional(),
  store: StoreForecast,
  /** When all this was counted. */
  asOf: Instant,
});
export type RetentionView = z.infer<typeof RetentionView>;

/** One line of GET /retention/plan: what goes on a day by a rule. What is due already stands on the first day. */
export const PlannedDay = Amount.extend({
  date: z.iso.date(),
  rule: z.string(),
  /** Of these, not as far as the rule wants them by now. */
  notYet: Amount,
});
export type PlannedDay = z.infer<typeof PlannedDay>;

/** One line of GET /retention/items */
export const RetentionItem = z.object({
  clipId: Ulid,
  sourceId: Token,
  kind: RetentionKind,
  renditionId: Ulid.optional(),
  stationId: Token,
  patient: Patient,
  since: Instant,
  dueAt: Instant,
  bytes: z.int(),
  rule: z.string(),
  needs: RetentionNeeds,
  blocked: z.array(RetentionBlock),
});
export type RetentionItem = z.infer<typeof RetentionItem>;

/** One line of GET /retention/removals: what is left of what was removed. */
export const RemovalView = Amount.omit({ items: true }).extend({
  removalId: Ulid,
  clipId: Ulid,
  sourceId: Token,
  kind: RetentionKind,
  renditionId: Ulid.optional(),
  stationId: Token,
  patient: Patient,
  rule: z.string(),
  /** When it was decided; from then on nobody gets it any more. */
  at: Instant,
  /** Absent: its bytes are being removed. */
  removedAt: Instant.optional(),
  objects: z.int(),
});
export type RemovalView = z.infer<typeof RemovalView>;

const Reason = z.string().trim().min(3, 'at least 3 characters that say why').max(1000);

/** Body of POST /holds. The same `holdId` again is the same hold. */
export const CreateHold = z
  .object({ holdId: Ulid, clipId: Ulid.optional(), procedureId: Ulid.optional(), reason: Reason })
  .refine((hold) => (hold.clipId === undefined) !== (hold.procedureId === undefined), {
    error: 'exactly one of clipId and procedureId is needed',
  });
export type CreateHold = z.infer<typeof CreateHold>;

/** Body of POST /holds/:holdId/release */
export const ReleaseHold = z.object({ reason: Reason });

/** One line of GET /holds */
export const HoldView = HoldNote.extend({
  clipId: Ulid.optional(),
  procedureId: Ulid,
  stationId: Token,
  patient: Patient,
  released: z.object({ at: Instant, by: z.string(), reason: z.string() }).optional(),
});
export type HoldView = z.infer<typeof HoldView>;
