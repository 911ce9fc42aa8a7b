import { z } from 'zod';
import { ClipSaved } from './events/buffer.ts';
import { Instant, Token, Uid, Ulid } from './primitives.ts';
import { Recipe } from './recipe.ts';

/** Patient and procedure as the dicomizer needs them. Patient data: travels by RPC only, never in an event or a log. */
export const ProcedureSnapshot = z.object({
  procedureId: Ulid,
  version: z.int().nonnegative(),
  stationId: Token,
  stationName: z.string(),
  startedAt: Instant,
  endedAt: Instant.optional(),
  recipe: Recipe,
  patient: z.object({
    /** DICOM PN, `Family^Given^Middle^Prefix^Suffix` (PS3.5 section 6.2). */
    name: z.string(),
    id: z.string(),
    issuer: z.string().optional(),
    /** YYYYMMDD */
    birthDate: z.string().optional(),
    sex: z.enum(['M', 'F', 'O']).optional(),
  }),
  study: z.object({
    studyInstanceUid: Uid,
    accessionNumber: z.string().optional(),
    studyId: z.string().optional(),
    referringPhysician: z.string().optional(),
    description: z.string().optional(),
  }),
  /** From the worklist item, PS3.3 C.4.10 and Request Attributes Sequence. */
  request: z
    .object({
      requestedProcedureId: z.string().optional(),
      requestedProcedureDescription: z.string().optional(),
      scheduledProcedureStepId: z.string().optional(),
      scheduledProcedureStepDescription: z.string().optional(),
    })
    .optional(),
  /** Offset of the site's local time at the start, minutes east of UTC. */
  utcOffsetMinutes: z.int().default(0),
  institution: z.string().optional(),
});
export type ProcedureSnapshot = z.infer<typeof ProcedureSnapshot>;

/** One scheduled procedure step as the worklist server gave it. */
export const WorklistItem = z.object({
  /** Deterministic from accession, step id and station. */
  itemId: Ulid,
  patient: ProcedureSnapshot.shape.patient,
  accessionNumber: z.string().optional(),
  studyInstanceUid: Uid.optional(),
  referringPhysician: z.string().optional(),
  requestedProcedureId: z.string().optional(),
  requestedProcedureDescription: z.string().optional(),
  scheduledProcedureStepId: z.string().optional(),
  scheduledProcedureStepDescription: z.string().optional(),
  scheduledStationAe: z.string().optional(),
  modality: z.string().optional(),
  /** Local date and time of the site: YYYY-MM-DDTHH:MM:SS */
  scheduledAt: z.string().optional(),
  performingPhysician: z.string().optional(),
});
export type WorklistItem = z.infer<typeof WorklistItem>;

/** What every failed RPC answers. */
export const RpcError = z.object({
  code: z.string(),
  message: z.string(),
  fault: z.enum(['input', 'ours', 'theirs']),
  retryable: z.boolean(),
});
export type RpcError = z.infer<typeof RpcError>;

export const RingWindow = z.object({
  stationId: Token,
  windowMs: z.number(),
  sources: z.array(
    z.object({
      sourceId: Token,
      /** Of the active procedure, contiguous or not; 0 when nothing is there. */
      availableMs: z.number(),
      from: Instant.optional(),
      to: Instant.optional(),
      fragments: z.int(),
      bytes: z.int(),
    }),
  ),
});
export type RingWindow = z.infer<typeof RingWindow>;

export const EchoResult = z.object({
  destination: Token,
  ok: z.boolean(),
  roundTripMs: z.number().optional(),
  reason: z.string().optional(),
});

export const GetProcedureRequest = z.object({ procedureId: Ulid });
export const RingWindowRequest = z.object({ stationId: Token, procedureId: Ulid.optional() });
export const IdrRequest = z.object({ stationId: Token, sources: z.array(Token).optional() });
export const IdrReply = z.object({ sources: z.array(Token) });
export const WorklistQuery = z.object({
  /** YYYYMMDD or a DICOM date range */
  date: z.string().optional(),
  stationAe: z.string().optional(),
  modality: z.string().optional(),
  patientName: z.string().optional(),
  patientId: z.string().optional(),
  accessionNumber: z.string().optional(),
});
export const WorklistReply = z.object({ items: z.array(WorklistItem), truncated: z.boolean() });
export const ListDestinationsRequest = z.object({});
export const EchoRequest = z.object({ destination: Token });
export const DestinationsReply = z.object({
  destinations: z.array(
    z.object({
      name: Token,
      title: z.string(),
      aeTitle: z.string(),
      host: z.string(),
      port: z.int(),
      parked: z.boolean(),
      parkedReason: z.string().optional(),
    }),
  ),
});
export const SaveClipReply = ClipSaved;
