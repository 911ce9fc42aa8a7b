import { z } from 'zod';
import { ConsentState, Instant, Token, Ulid } from './primitives.ts';
import { Recipe } from './recipe.ts';
import { WorklistItem } from './rpc.ts';

/** Patients and their procedures under /api/v1/procedures; the worklist they are chosen from. */

export const Patient = z.object({
  name: z.string(),
  id: z.string(),
  birthDate: z.string().optional(),
  sex: z.enum(['M', 'F', 'O']).optional(),
});

/** Why something is removed by no rule. */
export const HoldNote = z.object({ holdId: Ulid, reason: z.string(), by: z.string(), at: Instant });
export type HoldNote = z.infer<typeof HoldNote>;

export const Consent = z.object({
  state: ConsentState,
  /** When and by whom it was set; absent while nobody has. */
  at: Instant.optional(),
  by: z.string().optional(),
});
export type Consent = z.infer<typeof Consent>;

export const ProcedureView = z.object({
  procedureId: Ulid,
  stationId: Token,
  stationName: z.string(),
  patient: Patient,
  emergency: z.boolean(),
  accessionNumber: z.string().optional(),
  description: z.string().optional(),
  recipe: Recipe,
  version: z.int(),
  startedAt: Instant,
  endedAt: Instant.optional(),
  /** Since then people at desks may talk into the room and point at its pictures; absent: nobody may. */
  conversationSince: Instant.optional(),
  clipCount: z.int(),
  consent: Consent,
  /** Legal hold of everything of this procedure. */
  hold: HoldNote.optional(),
});
export type ProcedureView = z.infer<typeof ProcedureView>;

export const StartProcedure = z
  .object({
    stationId: Token,
    recipe: Token.optional(),
    worklistItemId: Ulid.optional(),
    /** Emergency: a temporary patient id is made by the server; reconciled later. */
    emergency: z.object({ name: z.string().max(64).optional(), sex: z.enum(['M', 'F', 'O']).optional() }).optional(),
  })
  .refine((p) => (p.worklistItemId === undefined) !== (p.emergency === undefined), {
    error: 'exactly one of worklistItemId and emergency is needed',
  });

/** Body of PATCH /procedures/:id: the right worklist item, or the right patient. Audited; makes a new version. */
export const CorrectProcedure = z
  .object({
    worklistItemId: Ulid.optional(),
    patient: Patient.optional(),
    reason: z.string().max(1000).optional(),
  })
  .refine((p) => (p.worklistItemId === undefined) !== (p.patient === undefined), {
    error: 'exactly one of worklistItemId and patient is needed',
  });

/** Body of POST /procedures/:id/consent */
export const SetConsent = z.object({
  state: ConsentState,
  /** Where it was set: in the room itself, or at a desk elsewhere. */
  setAt: z.enum(['room', 'desk']).optional(),
  reason: z.string().trim().max(1000).optional(),
});

/** Text of a query key: one value, nothing that ends it (PS3.5 section 6.2). */
const keyText = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^[^\\\p{Cc}]*$/u, 'no backslash, no control characters');

/** Query of GET /worklist/search: asked of the information system itself. */
export const WorklistSearch = z
  .object({
    /** `Müller` or `Müller, Anna`, each from its beginning; or as DICOM writes it, with wildcards. */
    name: keyText(60).optional(),
    patientId: keyText(64).optional(),
    accession: keyText(16).optional(),
    modality: z
      .string()
      .regex(/^[A-Z0-9_]{1,16}$/, 'a modality such as ES')
      .optional(),
    /** Absent: whatever the day. */
    date: z.iso.date('a day such as 2026-11-23').optional(),
    /** Items at most; `truncated` where there are more. */
    limit: z.coerce.number().int().min(1).max(1000).default(50),
  })
  .refine(({ limit: _limit, ...keys }) => Object.values(keys).some((key) => key !== undefined), {
    error: 'at least one of name, patientId, accession, modality and date is needed',
  });
export type WorklistSearch = z.infer<typeof WorklistSearch>;

export const WorklistView = z.object({
  items: z.array(WorklistItem),
  /** When the RIS last answered; `stale` when the last query failed. */
  asOf: Instant.optional(),
  stale: z.boolean(),
  /** The server had more than the site's limit: ask for less. */
  truncated: z.boolean().optional(),
  reason: z.string().optional(),
});
