import { z } from 'zod';
import { ObjectKey, Sha256, Token, Ulid } from './primitives.ts';

const Frame = z.int().nonnegative();
const isRange = (range: { from: number; to: number }) => range.from < range.to;
const rangeError = { error: 'from has to be smaller than to (the end is exclusive)' };

/**
 * One step on the timeline that it finds: frames counted from 0, ends exclusive, never seconds. The timeline starts
 * as all sources whole, one after the other (`startEdit` of libs/recording; `range.source` is `<clipId>/<sourceId>`).
 */
export const EditStep = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('trim'), from: Frame, to: Frame }).refine(isRange, rangeError),
  z.object({ kind: z.literal('remove'), from: Frame, to: Frame }).refine(isRange, rangeError),
  z.object({
    kind: z.literal('insert'),
    at: Frame,
    range: z.object({ source: z.string().max(100), from: Frame, to: Frame }).refine(isRange, rangeError),
  }),
]);
export type EditStep = z.infer<typeof EditStep>;

/** What a person can turn; each value has a neutral one where nothing is changed. The recipe gives what is absent. */
export const EnhanceAdjustments = z.object({
  /** Neutral 0. */
  brightness: z.number().min(-1).max(1).optional(),
  /** Neutral 1. */
  contrast: z.number().min(0).max(3).optional(),
  /** Neutral 1. */
  gamma: z.number().min(0.1).max(5).optional(),
  /** Neutral 1. */
  saturation: z.number().min(0).max(3).optional(),
  /** Amount of the unsharp mask, 0 is off. */
  sharpness: z.number().min(0).max(2).optional(),
  /** 0 is off. */
  denoise: z.number().min(0).max(20).optional(),
  /** `hqdn3d` is quick; `nlmeans` keeps texture and takes 0.5 to 1.5 s for each 1080p frame. */
  denoiser: z.enum(['hqdn3d', 'nlmeans']).optional(),
});
export type EnhanceAdjustments = z.infer<typeof EnhanceAdjustments>;

export const EnhanceRecipe = z.enum(['endoscopy', 'surgery', 'dermatology', 'microscopy', 'default']);

export const Enhancement = z.object({
  recipe: EnhanceRecipe.default('default'),
  parameters: EnhanceAdjustments.default({}),
});
export type Enhancement = z.infer<typeof Enhancement>;

/** Hides a region, a time range, or a region during a time range. For exports only: the original keeps everything. */
export const Redaction = z
  .object({
    how: z.enum(['black', 'blur']),
    /** In shares of the picture, 0 to 1, from the top left. Absent: the whole picture. */
    region: z
      .object({
        x: z.number().min(0).max(1),
        y: z.number().min(0).max(1),
        width: z.number().gt(0).max(1),
        height: z.number().gt(0).max(1),
      })
      .refine(({ x, y, width, height }) => x + width <= 1.0001 && y + height <= 1.0001, {
        error: 'the region has to lie inside the picture (shares of it, 0 to 1)',
      })
      .optional(),
    /** Frames of what is exported, end exclusive. Absent: all of them. */
    frames: z.object({ from: Frame, to: Frame }).refine(isRange, rangeError).optional(),
  })
  .refine(({ region, frames }) => region !== undefined || frames !== undefined, {
    error: 'region, frames or both are needed: a whole film is not hidden',
  });
export type Redaction = z.infer<typeof Redaction>;

/** docs/editing.md says what each one is. */
export const ExportProfile = z.enum([
  'archive',
  'archive-x264',
  'original',
  'streaming',
  'mobile',
  'webm',
  'av1',
  'mjpeg',
  'pacs',
  'hevc',
  'mpeg2',
  'dicom-teaching',
]);
export type ExportProfile = z.infer<typeof ExportProfile>;

/** Made for a DICOM transfer syntax, or as the camera made it. */
export const archivedProfiles: ReadonlySet<string> = new Set<ExportProfile>([
  'original',
  'pacs',
  'hevc',
  'mpeg2',
  'mjpeg',
]);

/** What is kept all the same of who, where and when, on top of the basic profile: options of PS3.15 annex E.3. */
export const DeidentifyChoices = z.strictObject({
  /** Absent: none is left. `shifted`: all of a patient by the same number of days. */
  retainDates: z.enum(['full', 'shifted']).optional(),
  retainDevice: z.boolean().default(false),
  retainInstitution: z.boolean().default(false),
  retainPatientCharacteristics: z.boolean().default(false),
  /** Somebody looked, and answers for it: text in the pictures identifies nobody. */
  confirmBurnedIn: z.boolean().default(false),
});
export type DeidentifyChoices = z.infer<typeof DeidentifyChoices>;

/** One file of a film in segments. Its object: `path` beside the list that names it. */
export const SegmentFile = z.object({
  /** Relative, as the playlists name it: `master.m3u8`, `720p/segment-00001.m4s`. */
  path: z.string().regex(/^([\w-]+\/)?[\w-]+\.(m3u8|mp4|m4s)$/),
  bytes: z.int().positive(),
  sha256: Sha256,
  contentType: z.string(),
});
export type SegmentFile = z.infer<typeof SegmentFile>;

/** One file to cut from, as the catalog knows it. */
export const EditSource = z.object({
  clipId: Ulid,
  sourceId: Token,
  key: ObjectKey,
  bytes: z.int().positive(),
  sha256: Sha256,
  frames: z.int().positive(),
});
export type EditSource = z.infer<typeof EditSource>;

/** Decibels; null where the pictures are the same (no finite value). */
export const Decibels = z.number().nullable();

/** How near a re-encoding is to what it was made of, and whether frames are missing or stand still. */
export const QualitySummary = z.object({
  psnr: z.object({ average: Decibels, min: Decibels }),
  ssim: z.object({ average: z.number(), min: z.number() }),
  /** Perceptually weighted PSNR of the luma. */
  xpsnr: z.object({ average: Decibels, min: Decibels }),
  frames: z.object({ reference: z.int(), distorted: z.int(), compared: z.int() }),
  identicalFrames: z.int(),
  /** Frames that repeat the one before although the original moves on. */
  repeatedFrames: z.int(),
  /** Frames that are black although the original is not. */
  blackFrames: z.int(),
  worstFrame: z.int(),
  thresholds: z.object({ psnr: z.number(), ssim: z.number() }),
  passed: z.boolean(),
  /** Why it did not pass, and conversions made before comparing. */
  notes: z.array(z.string()),
});
export type QualitySummary = z.infer<typeof QualitySummary>;

/** The stored report: the summary and its curve. */
export const QualityReport = QualitySummary.extend({
  /** Per compared frame. */
  curve: z.array(z.object({ frame: z.int(), psnr: Decibels, ssim: z.number(), xpsnr: Decibels })),
  /** Stretches between changes of the picture (at least one), end exclusive. */
  scenes: z.array(z.object({ from: z.int(), to: z.int(), psnr: Decibels, ssim: z.number() })),
});
export type QualityReport = z.infer<typeof QualityReport>;
