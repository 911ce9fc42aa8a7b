import { z } from 'zod';
import { Instant, Sha256, Token, Ulid } from './primitives.ts';

/** What an entry of the audit is about, in the words of a search. */
export const AuditKind = z.enum([
  'sign-in',
  'access',
  'query',
  'export',
  'change',
  'removal',
  'emergency',
  'administration',
  'refusal',
  'system',
]);
export type AuditKind = z.infer<typeof AuditKind>;

/** One line of GET /audit, as it is chained. */
export const AuditEntryView = z.object({
  /** Its place in the chain; without holes. */
  sequence: z.int(),
  id: Ulid,
  at: Instant,
  /** An account's name; `panel:<room>/<end of its id>`, `token:<name>`, `local`, `system`. */
  actor: z.string(),
  action: z.string(),
  kind: AuditKind,
  outcome: z.enum(['success', 'failure']),
  /** `clip/<id>`, `procedure/<id>`, `account/<name>` ... */
  subject: z.string(),
  stationId: z.string().optional(),
  patientId: z.string().optional(),
  /** Network address of the caller. */
  address: z.string().optional(),
  detail: z.record(z.string(), z.unknown()),
  traceId: z.string().optional(),
  hash: Sha256,
});
export type AuditEntryView = z.infer<typeof AuditEntryView>;

/** What was found wrong in the chain. */
export const AuditFault = z.object({
  /** `missing`: a place without its row; `inserted`: a row outside the chain; `changed`: a row that is not what was hashed. */
  what: z.enum(['changed', 'missing', 'inserted']),
  sequence: z.int().optional(),
  entryId: z.string().optional(),
  reason: z.string(),
});
export type AuditFault = z.infer<typeof AuditFault>;

export const AuditCheck = z.object({
  at: Instant,
  /** Entries that were hashed again. */
  entries: z.int(),
  intact: z.boolean(),
  faults: z.array(AuditFault),
});
export type AuditCheck = z.infer<typeof AuditCheck>;

/** GET /audit/chain */
export const AuditChainView = z.object({
  entries: z.int(),
  /** The first that is still kept, and the newest. */
  first: z.object({ sequence: z.int(), at: Instant }).optional(),
  head: z.object({ sequence: z.int(), hash: Sha256 }).optional(),
  retentionDays: z.int(),
  /** The last time that every hash was made again; absent: not since this process began. */
  check: AuditCheck.optional(),
});
export type AuditChainView = z.infer<typeof AuditChainView>;

/** Filters of GET /audit and GET /audit/export. */
export const auditFilter = {
  person: z.string().trim().min(1).max(100).optional().describe('name of the actor, or a part of it'),
  object: z.string().trim().min(1).max(200).optional().describe('`clip/<id>`, `account/<name>`, a patient id'),
  kind: AuditKind.optional(),
  station: Token.optional(),
  outcome: z.enum(['success', 'failure']).optional(),
  from: Instant.optional().describe('at or after'),
  to: Instant.optional().describe('before'),
};
