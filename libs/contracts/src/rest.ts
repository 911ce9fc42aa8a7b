import { z } from 'zod';
import { ClipSource } from './events/buffer.ts';
import { StationPresence } from './kv.ts';
import { Gap, Instant, Rational, Sha256, Token, Uid, Ulid } from './primitives.ts';
import { Recipe } from './recipe.ts';
import { RingWindow, WorklistItem } from './rpc.ts';

/** What the catalog serves under /api/v1. `docs/api/openapi.json` is generated from these. */

/** RFC 9457 */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  code: z.string(),
  traceId: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});
export type Problem = z.infer<typeof Problem>;

export const Patient = z.object({
  name: z.string(),
  id: z.string(),
  birthDate: z.string().optional(),
  sex: z.enum(['M', 'F', 'O']).optional(),
});

export const ProcedureView = z.object({
  procedureId: Ulid,
  stationId: Token,
  stationName: z.string(),
  patient: Patient,
  emergency: z.boolean(),
  accessionNumber: z.string().optional(),
  description: z.string().optional(),
  recipe: Recipe,
  version: z.int(),
  startedAt: Instant,
  endedAt: Instant.optional(),
  clipCount: z.int(),
});
export type ProcedureView = z.infer<typeof ProcedureView>;

export const StartProcedure = z
  .object({
    stationId: Token,
    recipe: Token.optional(),
    worklistItemId: Ulid.optional(),
    /** Emergency: a temporary patient id is made by the server; reconciled later. */
    emergency: z.object({ name: z.string().max(64).optional(), sex: z.enum(['M', 'F', 'O']).optional() }).optional(),
  })
  .refine((p) => (p.worklistItemId === undefined) !== (p.emergency === undefined), {
    error: 'exactly one of worklistItemId and emergency is needed',
  });

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

export const DeliveryView = z.object({
  deliveryId: Ulid,
  instanceId: Ulid,
  destination: Token,
  state: z.enum(['waiting', 'sending', 'deferred', 'stored', 'committed', 'failed']),
  attempt: z.int(),
  code: z.string().optional(),
  reason: z.string().optional(),
  retryAt: Instant.optional(),
  updatedAt: Instant,
});

export const InstanceView = z.object({
  instanceId: Ulid,
  sourceId: Token,
  sopInstanceUid: Uid,
  sopClassUid: Uid,
  transferSyntaxUid: Uid,
  seriesInstanceUid: Uid,
  studyInstanceUid: Uid,
  bytes: z.int(),
  sha256: Sha256,
  payloadSha256: Sha256,
  numberOfFrames: z.int(),
  createdAt: Instant,
  deliveries: z.array(DeliveryView),
});

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
  traceId: z.string().optional(),
});
export type ClipView = z.infer<typeof ClipView>;

export const ClipSourceView = ClipSource.pick({
  sourceId: true,
  bytes: true,
  sha256: true,
  frames: true,
  durationMs: true,
  startedAt: true,
  width: true,
  height: true,
  codec: true,
  encoder: true,
}).extend({ frameRate: Rational, gaps: z.array(Gap), videoUrl: z.string() });

export const ClipDetail = ClipView.extend({
  sources: z.array(ClipSourceView),
  renditions: z.array(RenditionView),
  instances: z.array(InstanceView),
  journey: z.array(JourneyStep),
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
  description: z.string().max(1000).optional(),
});

export const MarkerView = z.object({ markerId: Ulid, procedureId: Ulid, at: Instant, label: z.string().optional() });

export const StationView = StationPresence.extend({
  online: z.boolean(),
  procedure: ProcedureView.optional(),
  window: RingWindow.optional(),
  recording: z.object({ clipId: Ulid, startedAt: Instant }).optional(),
});
export type StationView = z.infer<typeof StationView>;

export const WorklistView = z.object({
  items: z.array(WorklistItem),
  /** When the RIS last answered; `stale` when the last query failed. */
  asOf: Instant.optional(),
  stale: z.boolean(),
  reason: z.string().optional(),
});

export const LiveGrant = z.object({
  /** WHEP endpoint of one stream. */
  whepUrl: z.string(),
  /** Playlist (HLS) of what the ring holds of the running procedure: the same token, as bearer or `?token=`. */
  hlsUrl: z.string(),
  /** Bearer token, bound to this stream. */
  token: z.string(),
  expiresAt: Instant,
});

/** Body of PATCH /procedures/:id: the right worklist item, or the right patient. Audited; makes a new version. */
export const CorrectProcedure = z
  .object({
    worklistItemId: Ulid.optional(),
    patient: Patient.optional(),
    reason: z.string().max(1000).optional(),
  })
  .refine((p) => (p.worklistItemId === undefined) !== (p.patient === undefined), {
    error: 'exactly one of worklistItemId and patient is needed',
  });

/** Body of PATCH /clips/:id */
export const PatchClip = z
  .object({ description: z.string().max(1000).optional(), keep: z.boolean().optional() })
  .refine((p) => p.description !== undefined || p.keep !== undefined, { error: 'description or keep is needed' });

/** Body of POST /stations/:id/recording */
export const RecordingRequest = z.object({ clipId: Ulid, sources: z.array(Token).min(1).optional() });

/** Body of POST /stations/:id/stills: `clipId` of the still, chosen by the client. `at` defaults to now. */
export const StillRequest = z.object({
  clipId: Ulid,
  sources: z.array(Token).min(1).optional(),
  at: Instant.optional(),
});

/** Body of POST /stations/:id/markers: `markerId` is chosen by the client. `at` defaults to now. */
export const MarkerRequest = z.object({
  markerId: Ulid,
  at: Instant.optional(),
  label: z.string().max(200).optional(),
});

/** Body of POST /live-grants */
export const LiveGrantRequest = z.object({ stationId: Token, sourceId: Token });

/** GET /config: what the web app has to know before it can start. */
export const AppConfig = z.object({
  version: z.string(),
  /** Origin of the streaming service, e.g. `http://127.0.0.1:8084`. */
  liveUrl: z.string(),
  locale: z.enum(['de', 'en']),
  timeZone: z.string(),
  recipes: z.array(Recipe),
});
export type AppConfig = z.infer<typeof AppConfig>;

export const DestinationView = z.object({
  name: Token,
  title: z.string(),
  aeTitle: z.string(),
  host: z.string(),
  port: z.int(),
  parked: z.boolean(),
  parkedReason: z.string().optional(),
  /** Deliveries by what is known of them. */
  waiting: z.int(),
  failed: z.int(),
});
/** GET /destinations. `reachable: false`: the PACS gateway did not answer, the list is what was last known. */
export const DestinationsView = z.object({
  items: z.array(DestinationView),
  reachable: z.boolean(),
  reason: z.string().optional(),
});

/** One line of GET /deliveries */
export const DeliveryQueueItem = DeliveryView.extend({
  clipId: Ulid,
  stationId: Token.optional(),
  patient: Patient,
  sopInstanceUid: Uid,
  bytes: z.int().optional(),
});

export const page = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().optional(), total: z.int().optional() });

/** One message of `GET /api/v1/feed` (SSE). `event:` is the kind, `id:` the EVENTS sequence where there is one. */
export const FeedMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('clip'), clip: ClipView }),
  /** Taken back within the time of undo. */
  z.object({ kind: z.literal('clip-removed'), clipId: Ulid }),
  z.object({ kind: z.literal('station'), station: StationView }),
  z.object({ kind: z.literal('procedure'), procedure: ProcedureView }),
  z.object({ kind: z.literal('marker'), marker: MarkerView }),
  z.object({
    kind: z.literal('alarm'),
    code: z.string(),
    stationId: Token.optional(),
    sourceId: Token.optional(),
    reason: z.string(),
    at: Instant,
  }),
  z.object({ kind: z.literal('heartbeat'), at: Instant }),
]);
export type FeedMessage = z.infer<typeof FeedMessage>;
