import { z } from 'zod';
import { Instant } from './primitives.ts';
import { Recipe } from './recipe.ts';

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

/** One line of GET /clips/:id/audit: who did what to the clip or to its procedure. */
export const AuditView = z.object({
  at: Instant,
  actor: z.string(),
  action: z.string(),
  detail: z.record(z.string(), z.unknown()),
  traceId: z.string().optional(),
});
export type AuditView = z.infer<typeof AuditView>;

export const page = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().optional(), total: z.int().optional() });
