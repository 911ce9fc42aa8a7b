import { z } from 'zod';
import { ClipSource } from './events/buffer.ts';
import { Imported } from './imported.ts';
import { ConsentState, Gap, Instant, Rational, Sha256, Token, Ulid } from './primitives.ts';
import { InstanceView } from './rest-archive.ts';
import { HoldNote, Patient } from './rest-procedures.ts';

/** Clips, recordings and stills under /api/v1/clips. */

/** The journey of a clip. `saved` is only ever true after the read-back. */
export const ClipState = z.enum([
  'requested',
  'recording',
  'saved',
  'prepared',
  'sending',
  'sent',
  'archived',
  'failed',
]);
export type ClipState = z.infer<typeof ClipState>;

/** The bytes went by a retention rule; what is known of them stays. */
export const Removed = z.object({ at: Instant, rule: z.string() });
export type Removed = z.infer<typeof Removed>;

export const RenditionView = z.object({
  sourceId: Token,
  rendition: z.string(),
  contentType: z.string(),
  mode: z.enum(['passthrough', 'encoded']),
  bytes: z.int(),
  sha256: Sha256,
  url: z.string(),
  width: z.int().optional(),
  height: z.int().optional(),
  sprite: z
    .object({
      columns: z.int(),
      rows: z.int(),
      tileWidth: z.int(),
      tileHeight: z.int(),
      count: z.int(),
      intervalMs: z.number(),
    })
    .optional(),
});

export const JourneyStep = z.object({
  stage: z.string(),
  sourceId: Token.optional(),
  startedAt: Instant,
  endedAt: Instant.optional(),
  detail: z.string().optional(),
  failed: z.boolean().default(false),
});

export const ClipView = z.object({
  clipId: Ulid,
  kind: z.enum(['clip', 'recording', 'still']),
  state: ClipState,
  stationId: Token,
  procedureId: Ulid,
  patient: Patient,
  description: z.string().optional(),
  requestedAt: Instant,
  savedAt: Instant.optional(),
  requestedMs: z.number().optional(),
  savedMs: z.number().optional(),
  truncated: z.boolean(),
  bytes: z.int(),
  gaps: z.int(),
  failure: z.object({ code: z.string(), reason: z.string() }).optional(),
  posterUrl: z.string().optional(),
  keep: z.boolean(),
  /** Under legal hold, by itself or with its procedure: no rule removes it. */
  held: z.boolean(),
  consent: ConsentState,
  /** Nothing of it is here any more. */
  removed: Removed.optional(),
  accessionNumber: z.string().optional(),
  /** Name of the recipe: what kind of procedure it was. */
  recipe: Token.optional(),
  /** Of a record of another system: not captured here. */
  imported: Imported.omit({ originalKey: true }).optional(),
  traceId: z.string().optional(),
});
export type ClipView = z.infer<typeof ClipView>;

export const ClipSourceView = ClipSource.pick({
  sourceId: true,
  bytes: true,
  sha256: true,
  frames: true,
  startedAt: true,
  width: true,
  height: true,
  codec: true,
  encoder: true,
  cut: true,
  inexact: true,
}).extend({
  /** 0 of a still. */
  durationMs: z.number().nonnegative(),
  frameRate: Rational,
  gaps: z.array(Gap),
  videoUrl: z.string(),
  removed: Removed.optional(),
});

export const MarkerView = z.object({ markerId: Ulid, procedureId: Ulid, at: Instant, label: z.string().optional() });

export const ClipDetail = ClipView.extend({
  sources: z.array(ClipSourceView),
  renditions: z.array(RenditionView),
  instances: z.array(InstanceView),
  journey: z.array(JourneyStep),
  /** What was marked in the room while it was recorded, oldest first. */
  markers: z.array(MarkerView).optional(),
  /** How often it was moved to another procedure. */
  assignment: z.int().nonnegative(),
  /** Legal holds that are not released, of the clip itself and of its procedure. */
  holds: z.array(HoldNote.extend({ of: z.enum(['clip', 'procedure']) })),
});
export type ClipDetail = z.infer<typeof ClipDetail>;

export const CreateClip = z.object({
  /** Chosen by the client: pressing twice, or a retry after a lost answer, saves once. */
  clipId: Ulid,
  stationId: Token,
  sources: z.array(Token).min(1).optional(),
  lastSeconds: z.int().min(1).max(3600).optional(),
  from: Instant.optional(),
  to: Instant.optional(),
  /** With from and to: begins with the very frame that was shown then; only the frames up to the next keyframe are encoded anew. */
  exact: z.boolean().optional(),
  /** Exactly these frames of a source, counted from 0 at the one that was shown at `since`, end exclusive. */
  frames: z
    .object({ sourceId: Token, since: Instant, from: z.int().nonnegative(), to: z.int().positive() })
    .refine(({ from, to }) => from < to, { error: 'from has to be smaller than to (the end is exclusive)' })
    .optional(),
  description: z.string().max(1000).optional(),
  /** Where it was pressed: in the room itself, or at a desk elsewhere. Audited. */
  pressedAt: z.enum(['room', 'desk']).optional(),
});

/** Body of PATCH /clips/:id */
export const PatchClip = z
  .object({ description: z.string().max(1000).optional(), keep: z.boolean().optional() })
  .refine((p) => p.description !== undefined || p.keep !== undefined, { error: 'description or keep is needed' });

/** One clip goes to another procedure: to one there is, to that of a worklist item, or to a patient named here. */
export const ReassignClip = z
  .object({
    procedureId: Ulid.optional(),
    worklistItemId: Ulid.optional(),
    patient: Patient.optional(),
    reason: z.string().max(1000).optional(),
  })
  .refine((p) => [p.procedureId, p.worklistItemId, p.patient].filter((each) => each !== undefined).length === 1, {
    error: 'exactly one of procedureId, worklistItemId and patient is needed',
  });
