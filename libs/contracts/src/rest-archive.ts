import { z } from 'zod';
import { CompressionAnalysis } from './events/work.ts';
import { Instant, Sha256, Token, Uid, Ulid } from './primitives.ts';
import { Patient } from './rest-procedures.ts';
import { Negotiated } from './rpc.ts';

/** The way into the archives: objects, deliveries, destinations. */

export const DeliveryView = z.object({
  deliveryId: Ulid,
  instanceId: Ulid,
  destination: Token,
  /** `replaced`: another object, in a transfer syntax that the destination takes, goes there instead. */
  state: z.enum(['waiting', 'sending', 'deferred', 'stored', 'committed', 'failed', 'replaced']),
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
  /** Its name in PS3.6. */
  transferSyntax: z.string().optional(),
  seriesInstanceUid: Uid,
  studyInstanceUid: Uid,
  bytes: z.int(),
  sha256: Sha256,
  payloadSha256: Sha256,
  numberOfFrames: z.int(),
  createdAt: Instant,
  /** `pacs`, `still`, `edit`, `export`, or `fallback`: made for a destination that does not take the others. */
  rendition: z.string().optional(),
  /** Where it was coded anew: what that cost and kept. */
  compression: CompressionAnalysis.optional(),
  deliveries: z.array(DeliveryView),
});

export const DestinationView = z.object({
  name: Token,
  title: z.string(),
  aeTitle: z.string(),
  host: z.string(),
  port: z.int(),
  parked: z.boolean(),
  parkedReason: z.string().optional(),
  /** What its last association came to; of DIMSE destinations. */
  negotiated: Negotiated.optional(),
  /** Storage Commitment: whether it is asked for, and instances that wait for it. */
  commitment: z.object({ requested: z.boolean(), open: z.int() }).optional(),
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
