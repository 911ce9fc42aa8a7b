import { Gap, Imported, Instant, ObjectKey, Rational, Sha256, Token, Ulid } from '@smartbox/contracts';
import { z } from 'zod';

/** `clips/<clip>/<source>/manifest.json`: what a source's file is made of and how to prove it. Written after it. */
export const ClipManifest = z.object({
  version: z.literal(1),
  clipId: Ulid,
  kind: z.enum(['clip', 'recording', 'still']),
  stationId: Token,
  procedureId: Ulid,
  sourceId: Token,
  key: ObjectKey,
  bytes: z.int().positive(),
  sha256: Sha256,
  /** The moment on the broker's clock that the range counts from, milliseconds since 1970. */
  anchorMs: z.number(),
  requestedMs: z.number().nonnegative(),
  startedAt: Instant,
  startMonotonicNs: z.string().regex(/^\d+$/),
  endMonotonicNs: z.string().regex(/^\d+$/),
  frames: z.int().positive(),
  durationMs: z.number().positive(),
  width: z.int().positive(),
  height: z.int().positive(),
  frameRate: Rational,
  codec: z.string(),
  /** Encoder and its exact options, or `passthrough`. */
  encoder: z.string(),
  formats: z.int().positive(),
  gaps: z.array(Gap),
  /** Of a clip that was cut exactly: its first frames are those of a GOP that began before it, encoded anew. */
  cut: z
    .object({
      copiedFrames: z.int().nonnegative(),
      reencodedFrames: z.int().nonnegative(),
      /** How they were encoded, and how near they are to what was captured; null: no difference at all. */
      encoder: z.string(),
      psnr: z.number().nullable(),
      ssim: z.number(),
      /** Of each such frame: its number in the GOP, and SHA-256 of its samples as captured and as they are now. */
      frames: z.array(z.object({ frame: z.int().nonnegative(), sourceSha256: Sha256, sha256: Sha256 })),
      /** Ring messages that the GOP came from. */
      from: z.array(z.object({ epoch: Ulid, sequence: z.int().nonnegative(), sha256: Sha256 })),
    })
    .optional(),
  /** Why it begins up to a GOP earlier than was asked for. */
  inexact: z.string().optional(),
  /** Not made of ring messages, but of a record of another system. */
  imported: Imported.optional(),
  fragments: z.array(
    z.object({
      epoch: Ulid,
      sequence: z.int().nonnegative(),
      /** Of the ring message's payload. */
      sha256: Sha256,
      /** Of the samples taken, and how many. */
      bytes: z.int().nonnegative(),
      frames: z.int().positive(),
    }),
  ),
});
export type ClipManifest = z.infer<typeof ClipManifest>;
