import { Instant, RingHeaders, Sha256, Token, Ulid } from '@smartbox/contracts';
import type { RingEntry } from '@smartbox/recording';
import { z } from 'zod';

/** A recording that runs or is being finished: the value in KV RECORDINGS under its clip id. */
export const RecordingState = z.object({
  clipId: Ulid,
  stationId: Token,
  procedureId: Ulid,
  sources: z.array(Token).min(1),
  requestedAt: Instant,
  /** "Record" and "stop" on the broker's clock, milliseconds since 1970. */
  startMs: z.number(),
  stopMs: z.number().optional(),
});
export type RecordingState = z.infer<typeof RecordingState>;

/** The small document beside a segment: its messages and where each one's payload begins. */
export const SegmentIndex = z.object({
  version: z.literal(1),
  key: z.string(),
  bytes: z.int().positive(),
  sha256: Sha256,
  entries: z.array(
    z.object({
      streamSequence: z.int().positive(),
      brokerMs: z.number(),
      payloadBytes: z.int().positive(),
      offset: z.int().nonnegative(),
      headers: RingHeaders.extend({
        // In JSON these are what they are, not header text.
        keyframe: z.boolean(),
      }),
    }),
  ),
});
export type SegmentIndex = z.infer<typeof SegmentIndex>;

/** A segment is closed at either bound: small enough to lose little, large enough to be few. */
const SEGMENT_BYTES = 8 * 1024 ** 2;
const SEGMENT_MS = 10_000;

/**
 * Cuts the entries of one source (in stream order) into segments. The last, still open one is left out unless `all`:
 * it waits for more.
 */
export function cutSegments(entries: readonly RingEntry[], all: boolean): RingEntry[][] {
  const segments: RingEntry[][] = [];
  let open: RingEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    open.push(entry);
    bytes += entry.payloadBytes;
    const first = open[0] ?? entry;
    if (bytes < SEGMENT_BYTES && entry.brokerMs - first.brokerMs < SEGMENT_MS) continue;
    segments.push(open);
    open = [];
    bytes = 0;
  }
  return all && open.length > 0 ? [...segments, open] : segments;
}

/** Ahead of the press a GOP may have begun; behind it the last one may still be on its way. */
const MARGIN_BEFORE_MS = 10_000;
const MARGIN_AFTER_MS = 5_000;

/** Does a ring message belong to a recording (with a margin that planning cuts off again)? */
export function belongsTo(state: RecordingState, entry: RingEntry): boolean {
  const { source, procedure } = entry.headers;
  if (procedure !== state.procedureId || !state.sources.includes(source)) return false;
  if (entry.brokerMs < state.startMs - MARGIN_BEFORE_MS) return false;
  return state.stopMs === undefined || entry.brokerMs <= state.stopMs + MARGIN_AFTER_MS;
}
