import { z } from 'zod';

/** A ULID made by this system (26 characters, Crockford base 32). */
export const Ulid = z.string().regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/, 'a ULID (26 characters)');

/** A NATS-safe token: lower-case kebab, as station and source ids are. */
export const Token = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower-case kebab, e.g. or-1')
  .max(48);

export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits');

/** UTC instant, RFC 3339 with milliseconds or better. A label: ranges are decided by PTS and stream order. */
export const Instant = z.iso.datetime({ offset: true });

/** A DICOM UID (PS3.5 section 9.1). */
export const Uid = z.string().regex(/^[0-9.]{1,64}$/, 'a DICOM UID of at most 64 characters');

export const Rational = z.object({ num: z.int().positive(), den: z.int().positive() });
export type Rational = z.infer<typeof Rational>;

/** A key in the object store, made by the server: `clips/<clip>/...` or `instances/<uid>.dcm`. */
export const ObjectKey = z
  .string()
  .regex(/^(clips|instances|recordings)\/[A-Za-z0-9._/-]+$/, 'a server-made object key');

/** How a single picture is coded: `jpeg` baseline, `png` and `htj2k` without any loss. */
export const StillFormat = z.enum(['jpeg', 'png', 'htj2k']);
export type StillFormat = z.infer<typeof StillFormat>;

/** What a stream is, read out of the bitstream, never out of a label. */
export const VideoFacts = z.object({
  container: z.enum(['mp4', 'mpegts', 'matroska', 'other']),
  codec: z.string(),
  /** RFC 6381, e.g. avc1.640029 */
  codecString: z.string().optional(),
  /** As the codec names it: Constrained Baseline, Main, High, Main 10 ... */
  profile: z.string(),
  /** Level times ten for H.264 and HEVC: 41, 42, 51. */
  level: z.int(),
  width: z.int().positive(),
  height: z.int().positive(),
  frameRate: Rational,
  constantFrameRate: z.boolean(),
  frames: z.int().nonnegative(),
  durationMs: z.number().nonnegative(),
  /** `unknown` where the bitstream's headers were not understood: such a stream is never passed through. */
  chroma: z.enum(['4:2:0', '4:2:2', '4:4:4', '4:0:0', 'unknown']),
  bitDepth: z.int(),
  /** What the headers allow. */
  interlaced: z.boolean(),
  /** Its pictures are two fields each, taken one after the other: which came first. */
  fieldOrder: z.enum(['tff', 'bff']).optional(),
  /** The coded picture is turned or mirrored before it is shown: a container's matrix, or EXIF. */
  turned: z.boolean().optional(),
  bFrames: z.boolean(),
  closedGop: z.boolean(),
  audioTracks: z.int().nonnegative(),
});
export type VideoFacts = z.infer<typeof VideoFacts>;

/** Why and where a stretch of time has no picture. Shown, never silently closed. */
export const Gap = z.object({
  /** Milliseconds from the start of the clip. */
  atMs: z.number().nonnegative(),
  durationMs: z.number().nonnegative(),
  reason: z.enum(['source-restarted', 'no-signal', 'spool-overflow', 'fragment-lost', 'fragment-corrupt', 'expired']),
});
export type Gap = z.infer<typeof Gap>;

/** What the patient, or whoever decides for the patient, said to recording and to copies for others. */
export const ConsentState = z.enum(['unknown', 'given', 'refused', 'withdrawn']);
export type ConsentState = z.infer<typeof ConsentState>;

/** The secret itself, or the file that holds it: read again for every use, so that it may be rotated. */
export const Secret = z.union([z.string().min(1), z.object({ file: z.string().min(1) })]);
export const HttpAddress = z.url({
  protocol: /^https?$/,
  error: 'must be an address such as https://pacs.example.org/dicom-web',
});
