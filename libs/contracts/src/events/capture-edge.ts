import { z } from 'zod';
import { Token, Ulid } from '../primitives.ts';

export const SourceState = z.enum(['starting', 'live', 'no-signal', 'frozen', 'offline']);
export type SourceState = z.infer<typeof SourceState>;

/** evt.capture-edge.source.state-changed */
export const SourceStateChanged = z.object({
  stationId: Token,
  sourceId: Token,
  state: SourceState,
  previous: SourceState.optional(),
  /** What the operator should know: "connection refused by rtsp://..." (never credentials). */
  reason: z.string().optional(),
});

/** evt.capture-edge.source.format-changed: a new epoch begins. */
export const SourceFormatChanged = z.object({
  stationId: Token,
  sourceId: Token,
  epoch: Ulid,
  codec: z.string(),
  width: z.int(),
  height: z.int(),
  frameRate: z.string(),
  encoder: z.string(),
});

/** evt.capture-edge.ring.gap-recorded: fragments were given up (spool overflow), a gap stands in the ring. */
export const RingGapRecorded = z.object({
  stationId: Token,
  sourceId: Token,
  epoch: Ulid,
  fragments: z.int().positive(),
  durationMs: z.number(),
  reason: z.enum(['spool-overflow']),
});

/** evt.capture-edge.station.broker-lost / .broker-regained: an ack timed out; fragments wait in the spool. */
export const BrokerTrouble = z.object({ stationId: Token, spooledFragments: z.int(), spooledBytes: z.int() });
