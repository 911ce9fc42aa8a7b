import { z } from 'zod';
import { Instant, Token, Ulid } from '../primitives.ts';
import { Recipe } from '../recipe.ts';

/** evt.catalog.procedure.started: no patient data; who it is, is asked by `rpc.catalog.get-procedure`. */
export const ProcedureStarted = z.object({
  procedureId: Ulid,
  stationId: Token,
  recipe: Recipe,
  emergency: z.boolean(),
  startedAt: Instant,
});

/** evt.catalog.procedure.ended: the ring of this procedure is sealed. */
export const ProcedureEnded = z.object({ procedureId: Ulid, stationId: Token, endedAt: Instant });

/** evt.catalog.procedure.corrected: another patient or worklist item; instances are made anew. */
export const ProcedureCorrected = z.object({
  procedureId: Ulid,
  stationId: Token,
  /** Version of the snapshot from now on. */
  version: z.int().positive(),
});

/**
 * evt.catalog.clip.reassigned: one clip belongs to another procedure than the one it was made in; its instances are made
 * anew there. Every move counts one up: instances of an earlier assignment name the wrong patient.
 */
export const ClipReassigned = z.object({
  clipId: Ulid,
  stationId: Token,
  /** Procedures. */
  from: Ulid,
  to: Ulid,
  assignment: z.int().positive(),
});

/** evt.catalog.clip.removed: a retention rule removed bytes of a clip from the object store; its row stays. */
export const ClipRemoved = z.object({
  clipId: Ulid,
  procedureId: Ulid,
  stationId: Token,
  sourceId: Token,
  /** `video`: the source as it was saved, with all that the archive needed of it. */
  what: z.enum(['video', 'edit', 'export']),
  /** Of an edit or export. */
  renditionId: Ulid.optional(),
  rule: Token,
  removedAt: Instant,
});

/** evt.catalog.store.filling: the object store will be full sooner than the site wants to be told of it; once a day. */
export const StoreFilling = z.object({
  /** Day of the site. */
  fullOn: z.iso.date(),
  usedBytes: z.int(),
  capacityBytes: z.int(),
});
/** evt.catalog.access.opened: somebody opened a room without a standing right ("break glass"). Why stands in the audit. */
export const AccessOpened = z.object({
  grantId: Ulid,
  stationId: Token,
  /** Name of the account: staff, never a patient. */
  account: z.string(),
  until: Instant,
});

/** evt.catalog.audit.broken: an entry of the audit is not what was written. */
export const AuditBroken = z.object({ faults: z.int().positive(), reason: z.string() });

/** evt.catalog.audit.behind: entries of the audit wait for the hospital's repository for longer than it wants. */
export const AuditBehind = z.object({ entries: z.int().positive(), since: Instant, reason: z.string() });

/** evt.catalog.audit.caught-up: the repository has all of them again. */
export const AuditCaughtUp = z.object({ since: Instant });
