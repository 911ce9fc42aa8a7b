import { z } from 'zod';
import { Instant, Token, Ulid } from '../primitives.ts';
import { Recipe } from '../recipe.ts';

/** evt.catalog.procedure.started: no patient data; who it is, is asked by `rpc.catalog.get-procedure`. */
export const ProcedureStarted = z.object({
  procedureId: Ulid,
  stationId: Token,
  recipe: Recipe,
  emergency: z.boolean(),
  startedAt: Instant,
});

/** evt.catalog.procedure.ended: the ring of this procedure is sealed. */
export const ProcedureEnded = z.object({ procedureId: Ulid, stationId: Token, endedAt: Instant });

/** evt.catalog.procedure.corrected: another patient or worklist item; instances are made anew. */
export const ProcedureCorrected = z.object({
  procedureId: Ulid,
  stationId: Token,
  /** Version of the snapshot from now on. */
  version: z.int().positive(),
});
