import { z } from 'zod';
import { DeidentifyChoices, ExportProfile, QualitySummary } from '../edit.ts';
import { Instant, ObjectKey, Rational, Sha256, Token, Uid, Ulid, VideoFacts } from '../primitives.ts';
import { Recipe } from '../recipe.ts';

/** Where a derived thing comes from: a clip's source, or a still. */
export const Origin = z.object({
  kind: z.enum(['clip', 'still']),
  /** clipId or stillId */
  id: Ulid,
  sourceId: Token,
  stationId: Token,
  procedureId: Ulid,
  recipe: Recipe,
  capturedAt: Instant,
  durationMs: z.number().nonnegative(),
});
export type Origin = z.infer<typeof Origin>;

/** One lossy compression: Lossy Image Compression Method and Ratio (PS3.3 C.7.6.1.1.5). */
export const LossyCompression = z.object({ method: z.string(), ratio: z.number().positive() });
export type LossyCompression = z.infer<typeof LossyCompression>;

/** What was done to a derived stream, for the DICOM object and the clip page. */
export const Derivation = z.object({
  /** One sentence a radiologist can read, English: it goes into Derivation Description (0008,2111). */
  description: z.string().max(1024),
  /** PS3.16 CID 7203 "Image Derivation". */
  codes: z.array(z.object({ code: z.string(), scheme: z.string(), meaning: z.string() })).default([]),
  /** Every lossy compression so far, oldest first: the last is this stream's own (PS3.3 C.7.6.1.1.5). */
  lossyHistory: z.array(LossyCompression).default([]),
});
export type Derivation = z.infer<typeof Derivation>;

/** What a compression of ours cost and kept, measured against what it was made from. */
export const CompressionAnalysis = z.object({
  /** Uncompressed to compressed. */
  ratio: z.number().positive(),
  /** Over all samples of the frames that were compared, dB; absent where nothing was lost. */
  psnr: z.number().optional(),
  /** Mean over those frames. Absent where nothing was compared. */
  ssim: z.number().min(0).max(1).optional(),
  /** Of a long film every n-th one. */
  comparedFrames: z.int().positive().optional(),
  /** Every sample of those frames came back. */
  identical: z.boolean().optional(),
  /** Of encoding. */
  durationMs: z.number().nonnegative(),
});
export type CompressionAnalysis = z.infer<typeof CompressionAnalysis>;

/** One of several pieces of a stream that was too long; together they have every frame once. */
export const Part = z.object({
  /** Rendition that was asked for: the same in all pieces. */
  set: Ulid,
  /** From 1. */
  number: z.int().positive(),
  of: z.int().min(2),
  /** Place of its first frame in the whole, from 0, and the frames of the whole. */
  firstFrame: z.int().nonnegative(),
  allFrames: z.int().positive(),
});
export type Part = z.infer<typeof Part>;

/** evt.transcoder.rendition.ready */
export const RenditionReady = z.object({
  origin: Origin,
  /**
   * `pacs`, `still` and `fallback` (made for a transfer syntax that a destination accepts) go on to the dicomizer;
   * `edit` (a cut or enhanced clip) and `export` do where they name `destinations`; `poster` and `sprite` are for the
   * screen.
   */
  rendition: z.enum(['pacs', 'still', 'poster', 'sprite', 'edit', 'export', 'fallback']),
  /** Of `edit`, `export`, `fallback`: names this one among the renditions of its clip, chosen by who asked for it. */
  renditionId: Ulid.optional(),
  /** Where its DICOM object goes. Absent: to the recipe's destinations, for `edit` and `export` nowhere. */
  destinations: z.array(Token).optional(),
  /** The transfer syntax it was made for. Absent: the dicomizer chooses by the facts. */
  transferSyntaxUid: Uid.optional(),
  part: Part.optional(),
  /** How it differs from what was captured (PS3.3 C.7.6.1.1.3 Derivation Description). Absent: as captured. */
  derivation: Derivation.optional(),
  /** Without a derivation: every lossy compression of the picture so far, oldest first, the last its own. */
  lossyHistory: z.array(LossyCompression).optional(),
  /** Of an encoded one, where it was measured. */
  compression: CompressionAnalysis.optional(),
  key: ObjectKey,
  /** Of a transfer syntax whose frames are coded one by one: a JSON array of their lengths, in their order in `key`. */
  framesKey: ObjectKey.optional(),
  /** Of an `edit`: what it is made of; frame by frame in the manifest. */
  cut: z
    .object({
      manifestKey: ObjectKey,
      frames: z.int().positive(),
      copiedFrames: z.int().nonnegative(),
      reencodedFrames: z.int().nonnegative(),
      durationMs: z.number().nonnegative(),
      audio: z.boolean(),
    })
    .optional(),
  /** Of an `export`. */
  profile: ExportProfile.optional(),
  /** Of an `export` that is handed out as a de-identified DICOM object, made of it by the dicomizer. */
  deidentify: DeidentifyChoices.optional(),
  /** Of an `export`: every decoded frame, or every byte, is the same as in the source. */
  lossless: z.boolean().optional(),
  /** Of an `export` in segments: its files, each an object of its own, to be played where they lie. */
  segments: z
    .object({
      /** JSON: an array of `SegmentFile`. */
      listKey: ObjectKey,
      playlist: z.string(),
      files: z.int().positive(),
      bytes: z.int().positive(),
    })
    .optional(),
  /** Its DICOM payload, where that is another object than `key`: the same coded frames without their container. */
  payload: z.object({ key: ObjectKey, framesKey: ObjectKey, bytes: z.int().positive(), sha256: Sha256 }).optional(),
  /** What a person should know about how it was made, in plain words. */
  notes: z.array(z.string()).optional(),
  contentType: z.string(),
  bytes: z.int().positive(),
  sha256: Sha256,
  /** Made once more because a person asked: announced anew. */
  again: Ulid.optional(),
  /** `passthrough`: the very object that was saved. */
  mode: z.enum(['passthrough', 'encoded']),
  /** Why it could not be passed through. */
  reason: z.string().optional(),
  encoder: z.string().optional(),
  /** For video. */
  video: VideoFacts.optional(),
  /** For pictures. */
  picture: z.object({ width: z.int().positive(), height: z.int().positive() }).optional(),
  /** For the sprite: columns x rows of tiles and the time between them. */
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
export type RenditionReady = z.infer<typeof RenditionReady>;

/** evt.transcoder.job.progressed */
export const JobProgressed = z.object({
  origin: Origin.pick({ kind: true, id: true, sourceId: true }),
  rendition: z.string(),
  renditionId: Ulid.optional(),
  percent: z.number().min(0).max(100),
  /** Estimate, from the speed so far. */
  remainingMs: z.number().nonnegative().optional(),
});

/** evt.transcoder.rendition.failed, evt.dicomizer.instance.failed: a person has to look. */
export const WorkFailed = z.object({
  origin: Origin.pick({ kind: true, id: true, sourceId: true }),
  what: z.string(),
  renditionId: Ulid.optional(),
  code: z.string(),
  reason: z.string(),
});

/** evt.transcoder.quality.measured: a re-encoding was compared with what it was made of. */
export const QualityMeasured = z.object({
  /** The renditionId where there is one; else made from clip, source and rendition. */
  qualityId: Ulid,
  origin: Origin.pick({ kind: true, id: true, sourceId: true }),
  rendition: z.string(),
  renditionId: Ulid.optional(),
  /** JSON: `QualityReport`, with the curve. */
  reportKey: ObjectKey,
  reportBytes: z.int().positive(),
  reportSha256: Sha256,
  summary: QualitySummary,
});
export type QualityMeasured = z.infer<typeof QualityMeasured>;

/** evt.transcoder.quality.warned: below a threshold of the recipe, or frames are missing or stand still. */
export const QualityWarned = z.object({
  qualityId: Ulid,
  origin: Origin.pick({ kind: true, id: true, sourceId: true, stationId: true }),
  rendition: z.string(),
  renditionId: Ulid.optional(),
  code: z.enum(['quality-low', 'frames-differ']),
  reason: z.string(),
});
export type QualityWarned = z.infer<typeof QualityWarned>;

/** evt.dicomizer.instance.created */
export const InstanceCreated = z.object({
  instanceId: Ulid,
  origin: Origin,
  sopInstanceUid: Uid,
  sopClassUid: Uid,
  transferSyntaxUid: Uid,
  studyInstanceUid: Uid,
  seriesInstanceUid: Uid,
  /** Version of the procedure snapshot that its attributes came from. */
  procedureVersion: z.int().nonnegative(),
  /** How often the clip had been moved to another procedure; absent: never. */
  assignment: z.int().positive().optional(),
  key: ObjectKey,
  bytes: z.int().positive(),
  sha256: Sha256,
  payloadSha256: Sha256,
  payloadBytes: z.int().positive(),
  payloadOffset: z.int().positive(),
  numberOfFrames: z.int().positive(),
  frameRate: Rational.optional(),
  destinations: z.array(Token),
  /** The rendition it was made of. Absent in events of older versions. */
  rendition: z.enum([...RenditionReady.shape.rendition.options, 'rejection-note']).optional(),
  renditionId: Ulid.optional(),
  part: Part.optional(),
  /** The payload as an object of its own. */
  payloadKey: ObjectKey.optional(),
  /** Every lossy compression, oldest first. */
  lossyHistory: z.array(LossyCompression).optional(),
  compression: CompressionAnalysis.optional(),
});
export type InstanceCreated = z.infer<typeof InstanceCreated>;

const DeliveryBase = z.object({
  /** Deterministic from instance and destination. */
  deliveryId: Ulid,
  instanceId: Ulid,
  sopInstanceUid: Uid,
  destination: Token,
  origin: Origin.pick({ kind: true, id: true, sourceId: true }),
  /** What goes there is a de-identified copy under other UIDs: it never stands for the original. */
  deidentified: z.literal(true).optional(),
});

/** evt.pacs-gateway.delivery.started */
export const DeliveryStarted = DeliveryBase.extend({ attempt: z.int().positive() });

/** evt.pacs-gateway.instance.stored: C-STORE answered success or a warning. Promises nothing yet (PS3.4 J.1.1). */
export const InstanceStored = DeliveryBase.extend({
  attempt: z.int().positive(),
  transferSyntaxUid: Uid,
  /** C-STORE status, PS3.4 B.2.3: 0x0000 or a warning B0xx. */
  status: z.int(),
  warning: z.string().optional(),
  /** DICOMweb gives no commitment: the server was asked for the instance afterwards (QIDO-RS) and found it. */
  verified: z.enum(['qido', 'import-report']).optional(),
  /** Whether the destination is asked to commit to it. `none`: it stays "sent, not committed". */
  commitment: z.enum(['requested', 'none']).optional(),
  bytes: z.int().positive(),
  durationMs: z.number().nonnegative(),
});

/** evt.pacs-gateway.instance.committed: Storage Commitment succeeded. */
export const InstanceCommitted = DeliveryBase.extend({ transactionUid: Uid });

/** evt.pacs-gateway.instance.commitment-failed: the archive refused, or said nothing in time; not archived. */
export const InstanceCommitmentFailed = DeliveryBase.extend({
  /** Absent: the request itself was not taken. */
  transactionUid: Uid.optional(),
  /** Times it has been asked for. */
  attempt: z.int().nonnegative(),
  code: z.string(),
  reason: z.string(),
  /** Failure Reason (0008,1197), PS3.3 section C.14.1.1. */
  failureReason: z.int().optional(),
  /** `final`: a person has to look. Else it is asked for again at `retryAt`. */
  final: z.boolean(),
  retryAt: Instant.optional(),
});

/** evt.pacs-gateway.instance.commitment-waived: the site does not ask this destination any more; sent, not committed. */
export const InstanceCommitmentWaived = DeliveryBase.extend({ reason: z.string() });

/** evt.pacs-gateway.delivery.deferred: will be tried again by itself. */
export const DeliveryDeferred = DeliveryBase.extend({
  attempt: z.int().nonnegative(),
  code: z.string(),
  reason: z.string(),
  retryAt: Instant,
  /** A parked destination burns no attempts. */
  parked: z.boolean(),
});

/** evt.pacs-gateway.delivery.failed: dead-lettered; a person may retry. */
export const DeliveryFailed = DeliveryBase.extend({
  attempt: z.int().nonnegative(),
  code: z.string(),
  reason: z.string(),
  status: z.int().optional(),
});

/**
 * evt.pacs-gateway.delivery.replaced: the destination does not take this instance in its transfer syntax; another one is
 * being made for it from rendition `renditionId`, in `transferSyntaxUid`, and goes there instead.
 */
export const DeliveryReplaced = DeliveryBase.extend({
  attempt: z.int().nonnegative(),
  renditionId: Ulid,
  transferSyntaxUid: Uid,
  reason: z.string(),
});

/**
 * evt.pacs-gateway.certificate.ending: a certificate that is configured for a DICOM or DICOMweb peer ends soon, or has
 * ended; said 30, 14, 7, 3, 1 and 0 days before, and at each start in between.
 */
export const CertificateEnding = z.object({
  /** Where it is configured: `destination pacs`, `listener`, `worklist`, `worklist.mpps`. */
  owner: z.string(),
  /** `cert`: our own, `ca`: of an authority that peers are checked against. */
  field: z.enum(['ca', 'cert']),
  /** Distinguished name, one line. */
  subject: z.string(),
  sha256: Sha256,
  endsAt: Instant,
});

const ProcedureStepBase = z.object({
  procedureId: Ulid,
  stationId: Token,
  /** Of the performed procedure step, PS3.4 annex F; made from the procedure. */
  sopInstanceUid: Uid,
  status: z.enum(['in-progress', 'completed', 'discontinued']),
});

/** evt.pacs-gateway.procedure-step.reported: the information system has taken it (MPPS N-CREATE, N-SET). */
export const ProcedureStepReported = ProcedureStepBase.extend({ series: z.int(), instances: z.int() });

/** evt.pacs-gateway.procedure-step.deferred: it has not. `final`: given up, a person has to look. */
export const ProcedureStepDeferred = ProcedureStepBase.extend({
  code: z.string(),
  reason: z.string(),
  /** The information system is away: nothing is counted. */
  parked: z.boolean(),
  final: z.boolean(),
  retryAt: Instant.optional(),
});
