import { z } from 'zod';
import { Imported } from '../imported.ts';
import { Gap, Instant, ObjectKey, Rational, Sha256, StillFormat, Token, Ulid } from '../primitives.ts';
import { Recipe } from '../recipe.ts';

/** One source's file of a clip: an MP4 (faststart) in the object store, proven by read-back. */
export const ClipSource = z.object({
  sourceId: Token,
  key: ObjectKey,
  manifestKey: ObjectKey,
  bytes: z.int().positive(),
  sha256: Sha256,
  frames: z.int().positive(),
  durationMs: z.number().positive(),
  startedAt: Instant,
  /** CLOCK_MONOTONIC of the station at the first frame, ns: compares sources of one clip. */
  startMonotonicNs: z.string().regex(/^\d+$/),
  endMonotonicNs: z.string().regex(/^\d+$/),
  width: z.int().positive(),
  height: z.int().positive(),
  frameRate: Rational,
  codec: z.string(),
  encoder: z.string(),
  gaps: z.array(Gap),
  /** Does this source's video go to the PACS? (`pacs` of its configuration) */
  pacs: z.boolean().default(true),
  /** Cut exactly: frames that are as they were captured, and those at its beginning that were encoded anew. */
  cut: z.object({ copiedFrames: z.int().nonnegative(), reencodedFrames: z.int().nonnegative() }).optional(),
  /** Why it begins up to a GOP earlier than was asked for. */
  inexact: z.string().optional(),
  /** How many formats (epochs with different parameters) the file holds; 1 in the normal case. */
  formats: z.int().positive().default(1),
});
export type ClipSource = z.infer<typeof ClipSource>;

/** evt.buffer.clip.saved: every byte is in the object store and was hash-verified there. */
export const ClipSaved = z.object({
  clipId: Ulid,
  kind: z.enum(['clip', 'recording']),
  stationId: Token,
  procedureId: Ulid,
  recipe: Recipe,
  requestedAt: Instant,
  savedAt: Instant,
  /** What was asked and what was there: never claims more than there is. */
  requestedMs: z.number().nonnegative(),
  savedMs: z.number().nonnegative(),
  truncated: z.boolean(),
  sources: z.array(ClipSource).min(1),
  /** Sources asked for that had nothing in the range, with the reason. */
  missing: z.array(z.object({ sourceId: Token, reason: z.string() })).default([]),
  /** Not captured here: a record of another system. Absent: captured. */
  imported: Imported.optional(),
});
export type ClipSaved = z.infer<typeof ClipSaved>;

/** evt.buffer.clip.failed: nothing was kept under this id; the operator is told. */
export const ClipFailed = z.object({
  clipId: Ulid,
  stationId: Token,
  procedureId: Ulid.optional(),
  code: z.string(),
  reason: z.string(),
});

/** evt.buffer.recording.started / evt.buffer.recording.stopped (the clip itself follows as clip.saved) */
export const RecordingStarted = z.object({
  clipId: Ulid,
  stationId: Token,
  procedureId: Ulid,
  startedAt: Instant,
  sources: z.array(Token),
});
export const RecordingStopped = z.object({ clipId: Ulid, stationId: Token, procedureId: Ulid, stoppedAt: Instant });

/** evt.buffer.marker.set */
export const MarkerSet = z.object({
  markerId: Ulid,
  stationId: Token,
  procedureId: Ulid,
  at: Instant,
  label: z.string().max(200).optional(),
});

/** evt.buffer.still.captured: one GOP around the moment is kept; the transcoder makes the picture from it. */
export const StillCaptured = z.object({
  stillId: Ulid,
  stationId: Token,
  procedureId: Ulid,
  recipe: Recipe,
  at: Instant,
  sourceId: Token,
  key: ObjectKey,
  sha256: Sha256,
  bytes: z.int().positive(),
  /** Frame to take, counted from 0 in the kept GOP. */
  frame: z.int().nonnegative(),
  /** How the picture and its object are to be coded; absent: as the recipe says. */
  format: StillFormat.optional(),
  /** The stored film that it was taken from, and its number there; absent: from the ring. */
  of: z.object({ clipId: Ulid, frame: z.int().nonnegative() }).optional(),
  width: z.int().positive(),
  height: z.int().positive(),
});
export type StillCaptured = z.infer<typeof StillCaptured>;
