import { z } from 'zod';
import { Enhancement, Redaction } from './edit.ts';
import { ClipSaved } from './events/buffer.ts';
import { Instant, ObjectKey, Sha256, StillFormat, Token, Uid, Ulid } from './primitives.ts';
import { Code, Recipe } from './recipe.ts';

/**
 * A code of the information system, a long one or a URN too (PS3.3 section 8.1; then `scheme` may be empty); `version`
 * where its scheme alone does not identify it (table 8.8-1).
 */
const ScheduledCode = Code.extend({ code: z.string().max(1024), version: z.string().max(16).optional() });
export type ScheduledCode = z.infer<typeof ScheduledCode>;

/** What was ordered and planned beside its identifiers and descriptions. Absent in what was written before 2026-11-29. */
const scheduled = {
  /** Requested Procedure Code Sequence (0032,1064). */
  requestedProcedureCodes: z.array(ScheduledCode).optional(),
  /** Scheduled Protocol Code Sequence (0040,0008). */
  scheduledProtocolCodes: z.array(ScheduledCode).optional(),
  /** Referenced Study Sequence (0008,1110). */
  referencedStudies: z.array(z.object({ sopClassUid: Uid, sopInstanceUid: Uid })).optional(),
  /** Scheduled Performing Physician's Name (0040,0006). */
  performingPhysician: z.string().optional(),
};

/** Patient and procedure as the dicomizer needs them. Patient data: travels by RPC only, never in an event or a log. */
export const ProcedureSnapshot = z.object({
  procedureId: Ulid,
  version: z.int().nonnegative(),
  /** Of the clip that was asked for: how often it was moved to another procedure. Absent: never. */
  assignment: z.int().positive().optional(),
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
      /** As the request has them; `study` has what is written into objects. */
      accessionNumber: z.string().optional(),
      studyInstanceUid: Uid.optional(),
      ...scheduled,
    })
    .optional(),
  /** Offset of the site's local time at the start, minutes east of UTC. */
  utcOffsetMinutes: z.int().default(0),
  institution: z.string().optional(),
  /** Destinations that get nothing at present: the recipe wants the patient's consent for them. */
  withheld: z.array(Token).optional(),
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
  ...scheduled,
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

/** The newest snapshot, or an older one: what the objects of that version say. */
export const GetProcedureRequest = z.object({
  procedureId: Ulid,
  version: z.int().positive().optional(),
  /** The procedure that this clip belongs to by now, where it was moved to another one. */
  clipId: Ulid.optional(),
});
export const RingWindowRequest = z.object({ stationId: Token, procedureId: Ulid.optional() });
export const IdrRequest = z.object({ stationId: Token, sources: z.array(Token).optional() });
export const IdrReply = z.object({ sources: z.array(Token) });
/** Signalling of a sender (WHIP, RFC 9725) to the capture process of its source, answered per station. */
export const WhipRequest = z.object({
  stationId: Token,
  sourceId: Token,
  /** Chosen by the asker; random. */
  session: z.string().min(16).max(64),
  action: z.enum(['offer', 'candidates', 'end']),
  /** The offer, or a fragment with candidates (RFC 8840). */
  sdp: z.string().max(65_536).optional(),
});
/** `sdp`: the answer to an offer, with all candidates. */
export const WhipReply = z.object({ sdp: z.string().optional() });
export const WorklistQuery = z.object({
  /** YYYYMMDD or a DICOM date range */
  date: z.string().optional(),
  stationAe: z.string().optional(),
  modality: z.string().optional(),
  patientName: z.string().optional(),
  patientId: z.string().optional(),
  accessionNumber: z.string().optional(),
  /** Items at most, and never more than the site's own limit. */
  limit: z.int().min(1).optional(),
});
export const WorklistReply = z.object({ items: z.array(WorklistItem), truncated: z.boolean() });
export const ListDestinationsRequest = z.object({});
export const EchoRequest = z.object({ destination: Token });
/** What the last association with a destination came to. `role` is the peer's. */
export const Negotiated = z.object({
  at: Instant,
  role: z.enum(['scp', 'scu']),
  contexts: z.array(
    z.object({
      abstractSyntax: Uid,
      transferSyntaxes: z.array(Uid),
      /** The accepted one; absent: refused with `result` (PS3.8 table 9-18). */
      accepted: Uid.optional(),
      result: z.int(),
    }),
  ),
  /** Longest P-DATA-TF body that the peer takes; 0: no limit. */
  maxPduBytes: z.int(),
  tls: z.boolean(),
  implementationClassUid: z.string().optional(),
  implementationVersion: z.string().optional(),
});
export type Negotiated = z.infer<typeof Negotiated>;

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
      /** Of DIMSE destinations that were spoken with. */
      negotiated: Negotiated.optional(),
      /** Honours rejection notes (IHE IOCM). */
      rejectionNotes: z.boolean().optional(),
      /** Storage Commitment: whether it is asked for, and what is still open. */
      commitment: z.object({ requested: z.boolean(), open: z.int() }).optional(),
    }),
  ),
});
/** `version`: of the procedure's snapshot; each has a step of its own. Absent: the newest that is known there. */
export const ProcedureStepRequest = z.object({ procedureId: Ulid, version: z.int().positive().optional() });
/** How far the information system was told of a procedure (MPPS). Without `step` nothing is known of it there. */
export const ProcedureStepReply = z.object({
  /** Is there an information system to be told? */
  configured: z.boolean(),
  step: z
    .object({
      sopInstanceUid: Uid,
      state: z.enum(['to-create', 'in-progress', 'completed', 'discontinued', 'failed']),
      /**
       * Steps that were begun for another patient or worklist item before a correction: discontinued as such, or
       * completed, which no message can change any more: a person corrects it in the information system.
       */
      left: z.array(z.object({ sopInstanceUid: Uid, state: z.enum(['completed', 'discontinued']) })).optional(),
      /** Code of what is wrong, and when it is tried again. */
      problem: z.string().optional(),
      retryAt: Instant.optional(),
    })
    .optional(),
});
export const SaveClipReply = ClipSaved;

/** rpc.transcoder.preview-frame: a frame of a stored video, as it is or through the very filters of an edit or export. */
export const PreviewFrameRequest = z.object({
  key: ObjectKey,
  /** Counted from 0 in presentation order. */
  frame: z.int().nonnegative(),
  enhance: Enhancement.optional(),
  redactions: z.array(Redaction).default([]),
  /** At most so many pixels wide; default the size of the video, at most 1920. */
  width: z.int().min(64).max(1920).optional(),
});
export type PreviewFrameRequest = z.infer<typeof PreviewFrameRequest>;
export const PreviewFrameReply = z.object({
  /** JPEG, base64. */
  jpeg: z.string(),
  width: z.int().positive(),
  height: z.int().positive(),
  /** FFmpeg's filters; empty where the frame is shown as it is. */
  filters: z.string(),
});
export type PreviewFrameReply = z.infer<typeof PreviewFrameReply>;

/** rpc.transcoder.take-frame: a frame of a stored film as a picture in full size, kept in the object store. */
export const TakeFrameRequest = z.object({
  key: ObjectKey,
  /** Counted from 0 in presentation order. */
  frame: z.int().nonnegative(),
  format: StillFormat,
});
export type TakeFrameRequest = z.infer<typeof TakeFrameRequest>;
export const TakeFrameReply = z.object({
  key: ObjectKey,
  contentType: z.string(),
  bytes: z.int().positive(),
  sha256: Sha256,
  width: z.int().positive(),
  height: z.int().positive(),
});
export type TakeFrameReply = z.infer<typeof TakeFrameReply>;
