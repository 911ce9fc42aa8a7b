import { z } from 'zod';
import { Instant, Token, Ulid } from './primitives.ts';
import { ClipView, MarkerView } from './rest-clips.ts';
import { EditView, ExportView } from './rest-edit.ts';
import { ProcedureView } from './rest-procedures.ts';
import { StationView } from './rest-stations.ts';

/** What happens now, under /api/v1/feed. */

/** One message of `GET /api/v1/feed` (SSE). `event:` is the kind, `id:` the EVENTS sequence where there is one. */
export const FeedMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('clip'), clip: ClipView }),
  /** Taken back within the time of undo. */
  z.object({ kind: z.literal('clip-removed'), clipId: Ulid }),
  z.object({ kind: z.literal('station'), station: StationView }),
  z.object({ kind: z.literal('procedure'), procedure: ProcedureView }),
  z.object({ kind: z.literal('marker'), marker: MarkerView }),
  z.object({ kind: z.literal('edit'), edit: EditView }),
  z.object({ kind: z.literal('export'), export: ExportView }),
  z.object({
    kind: z.literal('alarm'),
    code: z.string(),
    stationId: Token.optional(),
    sourceId: Token.optional(),
    reason: z.string(),
    at: Instant,
  }),
  /** Somebody has seen an alarm: the list is to be read again. */
  z.object({ kind: z.literal('alarm-acknowledged'), code: z.string() }),
  z.object({ kind: z.literal('heartbeat'), at: Instant }),
]);
export type FeedMessage = z.infer<typeof FeedMessage>;
