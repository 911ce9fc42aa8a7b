import { z } from 'zod';
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

/** evt.transcoder.rendition.ready */
export const RenditionReady = z.object({
  origin: Origin,
  /** `pacs` and `still` go on to the dicomizer; `poster` and `sprite` are for the screen. */
  rendition: z.enum(['pacs', 'still', 'poster', 'sprite']),
  key: ObjectKey,
  contentType: z.string(),
  bytes: z.int().positive(),
  sha256: Sha256,
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
  percent: z.number().min(0).max(100),
});

/** evt.transcoder.rendition.failed, evt.dicomizer.instance.failed: a person has to look. */
export const WorkFailed = z.object({
  origin: Origin.pick({ kind: true, id: true, sourceId: true }),
  what: z.string(),
  code: z.string(),
  reason: z.string(),
});

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
  key: ObjectKey,
  bytes: z.int().positive(),
  sha256: Sha256,
  payloadSha256: Sha256,
  payloadBytes: z.int().positive(),
  payloadOffset: z.int().positive(),
  numberOfFrames: z.int().positive(),
  frameRate: Rational.optional(),
  destinations: z.array(Token),
});
export type InstanceCreated = z.infer<typeof InstanceCreated>;

const DeliveryBase = z.object({
  /** Deterministic from instance and destination. */
  deliveryId: Ulid,
  instanceId: Ulid,
  sopInstanceUid: Uid,
  destination: Token,
  origin: Origin.pick({ kind: true, id: true, sourceId: true }),
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
  bytes: z.int().positive(),
  durationMs: z.number().nonnegative(),
});

/** evt.pacs-gateway.instance.committed: Storage Commitment succeeded. */
export const InstanceCommitted = DeliveryBase.extend({ transactionUid: Uid });

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
