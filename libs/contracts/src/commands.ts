import { z } from 'zod';
import { Instant, Token, Ulid } from './primitives.ts';

/** A stretch of the ring: the last N milliseconds before the message, or from-to by capture time. */
export const Range = z.union([
  z.object({ lastMs: z.int().min(1000).max(3_600_000) }),
  z.object({ from: Instant, to: Instant }),
]);
export type Range = z.infer<typeof Range>;

/** cmd.buffer.save-clip and rpc.buffer.save-clip. `clipId` is chosen by the caller: asking twice saves once. */
export const SaveClip = z.object({
  clipId: Ulid,
  stationId: Token,
  procedureId: Ulid,
  /** Absent: every source of the station. */
  sources: z.array(Token).min(1).optional(),
  range: Range,
  requestedAt: Instant,
});
export type SaveClip = z.infer<typeof SaveClip>;

/** cmd.buffer.start-recording */
export const StartRecording = z.object({
  clipId: Ulid,
  stationId: Token,
  procedureId: Ulid,
  sources: z.array(Token).min(1).optional(),
  requestedAt: Instant,
});
export type StartRecording = z.infer<typeof StartRecording>;

/** cmd.buffer.stop-recording */
export const StopRecording = z.object({ clipId: Ulid, stationId: Token, requestedAt: Instant });
export type StopRecording = z.infer<typeof StopRecording>;

/** cmd.buffer.capture-still: the frame shown at `at` (default: now). */
export const CaptureStill = z.object({
  stillId: Ulid,
  stationId: Token,
  procedureId: Ulid,
  sources: z.array(Token).min(1).optional(),
  at: Instant.optional(),
  requestedAt: Instant,
});
export type CaptureStill = z.infer<typeof CaptureStill>;

/** cmd.buffer.set-marker */
export const SetMarker = z.object({
  markerId: Ulid,
  stationId: Token,
  procedureId: Ulid,
  at: Instant,
  label: z.string().max(200).optional(),
});
export type SetMarker = z.infer<typeof SetMarker>;

/** cmd.transcoder.cancel-job: every rendition still to be made of a clip. */
export const CancelJob = z.object({ clipId: Ulid });

/** cmd.pacs-gateway.retry-delivery: a dead or parked delivery, now. */
export const RetryDelivery = z.object({ deliveryId: Ulid, instanceId: Ulid, destination: Token });
export type RetryDelivery = z.infer<typeof RetryDelivery>;
