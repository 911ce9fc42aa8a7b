import { z } from 'zod';
import { DeidentifyChoices, EditSource, EditStep, Enhancement, ExportProfile, Redaction } from './edit.ts';
import { ClipSaved, StillCaptured } from './events/buffer.ts';
import { Origin, LossyCompression } from './events/work.ts';
import { Instant, ObjectKey, Sha256, StillFormat, Token, Uid, Ulid } from './primitives.ts';

/** A stretch of the ring. */
export const Range = z.union([
  /** The last N milliseconds before the message. */
  z.object({ lastMs: z.int().min(1000).max(3_600_000) }),
  /** By capture time; `exact`: from the very frame that was shown then, else from the keyframe before it. */
  z.object({ from: Instant, to: Instant, exact: z.boolean().optional() }),
  /**
   * By frames of one source, counted from 0 at the one shown at `since`, end exclusive; exactly those, and of every other
   * source what it showed at the same time.
   */
  z.object({
    sourceId: Token,
    since: Instant,
    frames: z
      .object({ from: z.int().nonnegative(), to: z.int().positive() })
      .refine(({ from, to }) => from < to, { error: 'from has to be smaller than to (the end is exclusive)' }),
  }),
]);
export type Range = z.infer<typeof Range>;

/** cmd.buffer.save-clip and rpc.buffer.save-clip. `clipId` is chosen by the caller: asking twice saves once. */
export const SaveClip = z.object({
  clipId: Ulid,
  stationId: Token,
  procedureId: Ulid,
  /** Absent: every source of the station. */
  sources: z.array(Token).min(1).optional(),
  range: Range,
  requestedAt: Instant,
});
export type SaveClip = z.infer<typeof SaveClip>;

/** cmd.buffer.start-recording */
export const StartRecording = z.object({
  clipId: Ulid,
  stationId: Token,
  procedureId: Ulid,
  sources: z.array(Token).min(1).optional(),
  requestedAt: Instant,
});
export type StartRecording = z.infer<typeof StartRecording>;

/** cmd.buffer.stop-recording */
export const StopRecording = z.object({ clipId: Ulid, stationId: Token, requestedAt: Instant });
export type StopRecording = z.infer<typeof StopRecording>;

/** A frame of a stored film. */
export const FilmFrame = z.object({
  clipId: Ulid,
  sourceId: Token,
  /** An MP4 of the clip: what was saved, or an edit of it. */
  key: ObjectKey,
  /** When its first frame was captured. */
  startedAt: Instant,
  /** Counted from 0 in presentation order. */
  frame: z.int().nonnegative(),
});
export type FilmFrame = z.infer<typeof FilmFrame>;

/** cmd.buffer.capture-still: the frame shown at `at` (default: now) out of the ring; or one of a stored film. */
export const CaptureStill = z.object({
  stillId: Ulid,
  stationId: Token,
  procedureId: Ulid,
  sources: z.array(Token).min(1).optional(),
  at: Instant.optional(),
  of: FilmFrame.optional(),
  /** Absent: as the recipe says. */
  format: StillFormat.optional(),
  requestedAt: Instant,
});
export type CaptureStill = z.infer<typeof CaptureStill>;

/** cmd.buffer.set-marker */
export const SetMarker = z.object({
  markerId: Ulid,
  stationId: Token,
  procedureId: Ulid,
  at: Instant,
  label: z.string().max(200).optional(),
});
export type SetMarker = z.infer<typeof SetMarker>;

/** cmd.transcoder.cancel-job: every rendition still to be made of a clip; with `renditionId` that edit or export. */
export const CancelJob = z.object({ clipId: Ulid, renditionId: Ulid.optional() });

/** cmd.transcoder.edit-clip: cut, join, enhance; the sources stay as they are. `renditionId` is chosen by the caller. */
export const EditClip = z.object({
  renditionId: Ulid,
  /** The source under which the result is kept: the first of the film. */
  origin: Origin,
  sources: z.array(EditSource).min(1),
  steps: z.array(EditStep),
  enhance: Enhancement.optional(),
  /** Its DICOM object goes there. Absent: it stays here. */
  destinations: z.array(Token).optional(),
  requestedAt: Instant,
});
export type EditClip = z.infer<typeof EditClip>;

/** cmd.transcoder.export-clip: several files of one film, decoded once where that can be shared. */
export const ExportClip = z.object({
  exportId: Ulid,
  origin: Origin,
  /** What is exported: a source as it was saved, or the edit `editId`. */
  source: EditSource.omit({ frames: true }),
  editId: Ulid.optional(),
  outputs: z.array(z.object({ renditionId: Ulid, profile: ExportProfile })).min(1),
  redactions: z.array(Redaction).default([]),
  /** The DICOM objects of those that DICOM holds go there. */
  destinations: z.array(Token).optional(),
  /** Of the output `dicom-teaching`. */
  deidentify: DeidentifyChoices.optional(),
  requestedAt: Instant,
});
export type ExportClip = z.infer<typeof ExportClip>;

/**
 * cmd.transcoder.make-rendition: what a destination refused, in a transfer syntax that it accepts. `renditionId` follows
 * from what is asked for: asking twice makes it once.
 */
export const MakeRendition = z.object({
  renditionId: Ulid,
  origin: Origin,
  /** The payload of the refused instance. */
  input: z.object({ key: ObjectKey, bytes: z.int().positive(), sha256: Sha256 }),
  /** Every lossy compression of the input, oldest first. */
  lossyHistory: z.array(LossyCompression).default([]),
  transferSyntaxUid: Uid,
  /** HTJ2K .203: so many to one; reversible unless given. */
  ratio: z.number().min(2).max(100).optional(),
  /** A longer stream is cut at keyframes into several renditions that each play alone. */
  maxBytes: z.int().positive().optional(),
  destinations: z.array(Token).min(1),
  /** Why it is needed; shown to people. */
  reason: z.string(),
});
export type MakeRendition = z.infer<typeof MakeRendition>;

/**
 * cmd.transcoder.prepare-again: everything that a clip or a still implies, once more, after it could not be prepared for
 * the archive or was cancelled. `again` makes its announcements new ones.
 */
export const PrepareAgain = z
  .object({ again: Ulid, clip: ClipSaved.optional(), still: StillCaptured.optional() })
  .refine((of) => (of.clip === undefined) !== (of.still === undefined), { error: 'either a clip or a still' });
export type PrepareAgain = z.infer<typeof PrepareAgain>;

/** cmd.pacs-gateway.retry-delivery: a dead or parked delivery, now. */
export const RetryDelivery = z.object({ deliveryId: Ulid, instanceId: Ulid, destination: Token });
export type RetryDelivery = z.infer<typeof RetryDelivery>;
