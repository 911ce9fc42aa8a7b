import { z } from 'zod';
import { ConversationRight, ConversationSide } from './conversation.ts';
import { SourceState } from './events/capture-edge.ts';
import { StationPresence } from './kv.ts';
import { Instant, StillFormat, Token, Ulid } from './primitives.ts';
import { ProcedureView } from './rest-procedures.ts';
import { RingWindow } from './rpc.ts';

/** Rooms under /api/v1/stations, and what is done in them. */

export const StationView = StationPresence.extend({
  online: z.boolean(),
  procedure: ProcedureView.optional(),
  window: RingWindow.optional(),
  recording: z.object({ clipId: Ulid, startedAt: Instant }).optional(),
  /** What the room may allow those who watch; absent: nothing, it is not configured. */
  conversation: z.object({ rights: z.array(ConversationRight) }).optional(),
  /** How far the station's clock is ahead of the broker's, as seen by the quickest of its last signs of life. */
  clockOffsetMs: z.number().optional(),
});
export type StationView = z.infer<typeof StationView>;

/** One line of GET /station-settings: what its file says. Passwords in addresses are left out. */
export const StationSettings = z.object({
  stationId: Token,
  name: z.string(),
  aeTitle: z.string(),
  windowSeconds: z.int(),
  maxBytes: z.int(),
  sources: z.array(
    z.object({
      sourceId: Token,
      name: z.string(),
      kind: z.string(),
      address: z.string().optional(),
      mode: z.enum(['pull', 'listen']),
      width: z.int().optional(),
      height: z.int().optional(),
      frameRate: z.int(),
      bitrate: z.int(),
      encode: z.enum(['auto', 'always']),
      pacs: z.boolean(),
    }),
  ),
});
export type StationSettings = z.infer<typeof StationSettings>;

/** POST /stations/:id/sources/:sourceId/test: what the station and its source answer now. */
export const SourceTest = z.object({
  /** The station answered, and a picture has come since it was asked. */
  ok: z.boolean(),
  /** Until the station answered; absent: it did not. */
  answerMs: z.number().optional(),
  state: SourceState,
  /** Until the first picture after the question. */
  pictureMs: z.number().optional(),
  reason: z.string().optional(),
});
export type SourceTest = z.infer<typeof SourceTest>;

/** One line of GET /config-files: what is set stands in these, not in the database. */
export const ConfigFileView = z.object({
  /** Below the configuration folder: `stations/or-1.yaml`. */
  path: z.string(),
  area: z.enum(['stations', 'recipes', 'destinations', 'webhooks', 'retention', 'sign-in']),
  /** `changed`, `new`, `gone`: since it was read; it counts after a restart. `invalid`: it would not even be read. */
  state: z.enum(['in-use', 'changed', 'new', 'gone', 'invalid']),
  problem: z.string().optional(),
  modifiedAt: Instant.optional(),
});
export type ConfigFileView = z.infer<typeof ConfigFileView>;

/** Body of POST /stations/:id/recording */
export const RecordingRequest = z.object({ clipId: Ulid, sources: z.array(Token).min(1).optional() });

/** Body of POST /stations/:id/stills: `clipId` of the still, chosen by the client. `at` defaults to now. */
export const StillRequest = z.object({
  clipId: Ulid,
  sources: z.array(Token).min(1).optional(),
  at: Instant.optional(),
  /** Absent: as the recipe says. */
  format: StillFormat.optional(),
});

/** Body of POST /stations/:id/markers: `markerId` is chosen by the client. `at` defaults to now. */
export const MarkerRequest = z.object({
  markerId: Ulid,
  at: Instant.optional(),
  label: z.string().max(200).optional(),
});

/** Body of POST /live-grants */
export const LiveGrantRequest = z.object({
  stationId: Token,
  sourceId: Token,
  /** Further sources of the room, to be watched in the same WHEP session. */
  alongside: z.array(Token).max(7).optional(),
  /** To send pictures (WHIP) to a source of kind `whip`, not to watch. */
  publish: z.boolean().optional(),
});

export const LiveGrant = z.object({
  /** WHEP endpoint; with `alongside` of several sources in one session, one video each, in that order. */
  whepUrl: z.string(),
  /** Playlist (HLS) of what the ring holds of `sourceId` in the running procedure: the same token, as bearer or `?token=`. */
  hlsUrl: z.string(),
  /** WHIP endpoint, where publishing was asked for. */
  whipUrl: z.string().optional(),
  /** Bearer token, bound to these sources. */
  token: z.string(),
  expiresAt: Instant,
});

/** Body of PUT /stations/:id/conversation: the room switches it on or off. Audited. */
export const ConversationSwitch = z.object({ open: z.boolean() });

/** Body of POST /conversation-grants */
export const ConversationGrantRequest = z.object({
  stationId: Token,
  side: ConversationSide,
  /** How the others see this person, until there are accounts. */
  name: z.string().trim().min(1).max(60).optional(),
});

export const ConversationGrant = z.object({
  /** Where the offer is posted (WebRTC: one voice to send, several to hear, one data channel). */
  url: z.string(),
  /** Bearer token, bound to this room, person and rights. */
  token: z.string(),
  rights: z.array(ConversationRight),
  expiresAt: Instant,
});
