import { z } from 'zod';
import { SourceState } from './events/capture-edge.ts';
import { Instant, Token, Ulid } from './primitives.ts';
import { Recipe } from './recipe.ts';

/**
 * KV bucket PROCEDURES, written by the catalog alone.
 * `station.<stationId>`: what runs there now (the capture side watches it); `procedure.<procedureId>`: one procedure.
 */
export const StationProcedure = z.object({ stationId: Token, procedureId: Ulid.nullable(), since: Instant });
export type StationProcedure = z.infer<typeof StationProcedure>;
export const ProcedureEntry = z.object({
  procedureId: Ulid,
  stationId: Token,
  recipe: Recipe,
  startedAt: Instant,
  endedAt: Instant.optional(),
});
export type ProcedureEntry = z.infer<typeof ProcedureEntry>;

/** KV bucket STATIONS, key `<stationId>`, written by capture-edge each second; older than 3 s means offline. */
export const StationPresence = z.object({
  stationId: Token,
  name: z.string(),
  at: Instant,
  software: z.string(),
  /** Length of the ring in ms (stream max_age). */
  windowMs: z.int(),
  procedureId: Ulid.nullable(),
  brokerOk: z.boolean(),
  spooledFragments: z.int(),
  /** Name of the machine, and its addresses in the network. */
  host: z.string().optional(),
  addresses: z.array(z.string()).optional(),
  /** The same for all that runs on this machine, until it is booted anew. */
  machineId: z.string().optional(),
  /** What waits on the station's own disk for the broker, and how much may. */
  spool: z.object({ bytes: z.int().nonnegative(), maxBytes: z.int().positive() }).optional(),
  /** Room left on the station's own disk. */
  diskFreeBytes: z.int().nonnegative().optional(),
  sources: z.array(
    z.object({
      sourceId: Token,
      name: z.string(),
      kind: z.string(),
      state: SourceState,
      reason: z.string().optional(),
      since: Instant,
      epoch: Ulid.optional(),
      codec: z.string().optional(),
      width: z.int().optional(),
      height: z.int().optional(),
      frameRate: z.string().optional(),
      bitrate: z.int().optional(),
      encoder: z.string().optional(),
      lastFrameAt: Instant.optional(),
      droppedFrames: z.int().default(0),
      /** Cameras of this machine only: how late even the most punctual picture of the last second was. */
      lateMs: z.int().nonnegative().optional(),
    }),
  ),
});
export type StationPresence = z.infer<typeof StationPresence>;

/**
 * KV bucket STREAMING, key `<instanceId>`, written by each streaming instance every second: where viewers may be sent.
 * Older than 3 s means that it is gone.
 */
export const StreamingInstance = z.object({
  instanceId: Ulid,
  /** Where browsers reach it, without a slash at the end. */
  url: z.string(),
  at: Instant,
  /** Sources that are sent to viewers by WebRTC, and how many it takes. */
  viewers: z.int().nonnegative(),
  places: z.int().nonnegative(),
  /** Over WebSocket. */
  socketViewers: z.int().nonnegative(),
  socketPlaces: z.int().nonnegative(),
  /** Its machine has too little left: it takes nobody. */
  busy: z.boolean(),
});
export type StreamingInstance = z.infer<typeof StreamingInstance>;
export const STREAMING_FRESH_MS = 3_000;

export const buckets = {
  procedures: { name: 'PROCEDURES', history: 1 },
  stations: { name: 'STATIONS', history: 1 },
  recordings: { name: 'RECORDINGS', history: 1 },
  streaming: { name: 'STREAMING', history: 1, ttlMs: 60_000 },
} as const;
