import { z } from 'zod';
import {
  DeidentifyChoices,
  EditStep,
  EnhanceAdjustments,
  EnhanceRecipe,
  Enhancement,
  ExportProfile,
  QualitySummary,
  Redaction,
} from './edit.ts';
import { Instant, Sha256, StillFormat, Token, Ulid } from './primitives.ts';
import { Removed } from './rest-clips.ts';

/** Editing and exporting under /api/v1/clips/:clipId. */

const FilmSource = z.object({
  /** Absent: the clip of the address. */
  clipId: Ulid.optional(),
  sourceId: Token,
});

/** Body of POST /clips/:clipId/edits. The same `renditionId` again is the same edit. */
export const CreateEdit = z.object({
  renditionId: Ulid,
  /** The timeline starts as these, whole, one after the other: the first belongs to the clip of the address. */
  sources: z.array(FilmSource).min(1).max(50),
  steps: z.array(EditStep).max(1000).default([]),
  enhance: Enhancement.optional(),
  name: z.string().trim().min(1).max(200).optional(),
  /** Its DICOM object goes there. Absent: it stays here. */
  destinations: z.array(Token).min(1).optional(),
});
export type CreateEdit = z.infer<typeof CreateEdit>;

export const ExportPurpose = z.enum(['care', 'teaching']);
export type ExportPurpose = z.infer<typeof ExportPurpose>;

/** Body of POST /clips/:clipId/exports: one file for each profile. The same `exportId` again is the same export. */
export const CreateExport = z.object({
  exportId: Ulid,
  profiles: z.array(ExportProfile).min(1).max(ExportProfile.options.length),
  /** A source of the clip as it was saved, or one of its edits. */
  of: z.union([z.object({ sourceId: Token }), z.object({ renditionId: Ulid })]),
  redactions: z.array(Redaction).max(50).default([]),
  name: z.string().trim().min(1).max(200).optional(),
  /** The DICOM objects of those that DICOM holds go there: `original`, `pacs`, `hevc`, `mpeg2`, `mjpeg`. */
  destinations: z.array(Token).min(1).optional(),
  /** `care`: for those who treat the patient; `teaching`: also research and publication, which need consent. */
  purpose: ExportPurpose.default('care'),
  /** Of `dicom-teaching`: the options of its de-identification. */
  deidentify: DeidentifyChoices.optional(),
});
export type CreateExport = z.infer<typeof CreateExport>;

/** Body of POST /clips/:clipId/stills: a frame of a stored film becomes a still of its own, `clipId` chosen by the client. */
export const CreateFilmStill = z.object({
  clipId: Ulid,
  /** A source of the clip as it was saved, or one of its edits. */
  of: z.union([z.object({ sourceId: Token }), z.object({ renditionId: Ulid })]),
  /** Counted from 0 in presentation order. */
  frame: z.int().nonnegative(),
  /** Absent: as the recipe says. */
  format: StillFormat.optional(),
  description: z.string().max(1000).optional(),
});
export type CreateFilmStill = z.infer<typeof CreateFilmStill>;

/** Body of POST /clips/:clipId/exports/:renditionId/archive: it becomes a DICOM object and goes there, too. */
export const ArchiveRequest = z.object({ destinations: z.array(Token).min(1) });

/** Body of POST /clips/:clipId/exports/:renditionId/copies. The same `copyId` again is the same copy. */
export const CreateCopy = z.object({
  copyId: Ulid,
  /** One of GET /export-targets. */
  target: Token,
});
export type CreateCopy = z.infer<typeof CreateCopy>;

/** `stopping`: cancelled, and the transcoder has not said so yet. */
export const WorkState = z.enum(['waiting', 'running', 'ready', 'failed', 'stopping', 'cancelled']);
export type WorkState = z.infer<typeof WorkState>;

const Work = z.object({
  renditionId: Ulid,
  clipId: Ulid,
  sourceId: Token,
  name: z.string().optional(),
  state: WorkState,
  percent: z.number(),
  remainingMs: z.number().optional(),
  requestedAt: Instant,
  readyAt: Instant.optional(),
  failure: z.object({ code: z.string(), reason: z.string() }).optional(),
  destinations: z.array(Token).optional(),
  /** Why it did not become a DICOM object. */
  archiveFailure: z.object({ code: z.string(), reason: z.string() }).optional(),
  contentType: z.string().optional(),
  bytes: z.int().optional(),
  sha256: Sha256.optional(),
  width: z.int().optional(),
  height: z.int().optional(),
  frames: z.int().optional(),
  durationMs: z.number().optional(),
  encoder: z.string().optional(),
  notes: z.array(z.string()),
  quality: QualitySummary.optional(),
  /** GET: `QualityReport`, with the curve. */
  qualityUrl: z.string().optional(),
  removed: Removed.optional(),
});

export const EditView = Work.extend({
  sources: z.array(z.object({ clipId: Ulid, sourceId: Token, frames: z.int() })),
  steps: z.array(EditStep),
  enhance: Enhancement.optional(),
  copiedFrames: z.int().optional(),
  reencodedFrames: z.int().optional(),
  audio: z.boolean().optional(),
  derivation: z.string().optional(),
  videoUrl: z.string().optional(),
  manifestUrl: z.string().optional(),
});
export type EditView = z.infer<typeof EditView>;

/** A file of an export on its way to a stick or a share. */
export const CopyView = z.object({
  copyId: Ulid,
  target: Token,
  state: WorkState,
  percent: z.number(),
  remainingMs: z.number().optional(),
  requestedAt: Instant,
  /** Read back from there and found the same. */
  writtenAt: Instant.optional(),
  /** In the target. */
  path: z.string().optional(),
  failure: z.object({ code: z.string(), reason: z.string() }).optional(),
});
export type CopyView = z.infer<typeof CopyView>;

export const ExportView = Work.extend({
  exportId: Ulid,
  profile: ExportProfile,
  /** The edit that was exported; absent: the source as it was saved. */
  editId: Ulid.optional(),
  redactions: z.array(Redaction),
  purpose: ExportPurpose,
  /** Of `dicom-teaching`: the options of its de-identification. */
  deidentify: DeidentifyChoices.optional(),
  lossless: z.boolean().optional(),
  /** GET with Range: the file, to be saved. */
  downloadUrl: z.string().optional(),
  fileName: z.string().optional(),
  /** Of a film in segments: GET the playlist (HLS), played in place. */
  playUrl: z.string().optional(),
  /** Onto sticks and shares, the newest first. */
  copies: z.array(CopyView).optional(),
});
export type ExportView = z.infer<typeof ExportView>;

/** One re-encoding of a clip and how near it is to its source. */
export const QualityView = z.object({
  qualityId: Ulid,
  sourceId: Token,
  rendition: z.string(),
  renditionId: Ulid.optional(),
  measuredAt: Instant,
  summary: QualitySummary,
  reportUrl: z.string(),
  warning: z.object({ code: z.string(), reason: z.string(), at: Instant }).optional(),
});
export type QualityView = z.infer<typeof QualityView>;

const setting = (of: z.ZodOptional<z.ZodNumber>) => z.preprocess((v) => (v === undefined ? v : Number(v)), of);
const { brightness, contrast, gamma, saturation, sharpness, denoise, denoiser } = EnhanceAdjustments.shape;

/** Query of GET /clips/:clipId/sources/:sourceId/preview. Without `recipe` and settings: the frame as it is. */
export const PreviewQuery = z.object({
  frame: z.coerce.number().int().min(0),
  recipe: EnhanceRecipe.optional(),
  brightness: setting(brightness),
  contrast: setting(contrast),
  gamma: setting(gamma),
  saturation: setting(saturation),
  sharpness: setting(sharpness),
  denoise: setting(denoise),
  denoiser,
  width: z.coerce.number().int().min(64).max(1920).optional(),
  /** JSON: an array of `Redaction`. */
  redactions: z.string().max(10_000).optional(),
});
export type PreviewQuery = z.infer<typeof PreviewQuery>;
