import type { FastifyReply, FastifyRequest } from 'fastify';
import { wasSentHere } from './bearer.ts';

/** Nothing of a patient stays in a cache; pages of the allowed origins (none given: any) may read the answer. */
export function openTo(
  allowedOrigins: readonly string[],
  request: FastifyRequest,
  reply: FastifyReply,
  exposed: string,
): void {
  const { origin } = request.headers;
  void reply.header('cache-control', 'private, no-store').header('vary', 'Origin');
  if (origin === undefined) return;
  // What another instance has sent here has no origin any more (Fetch standard, "request tainted origin").
  const allowed = allowedOrigins.length === 0 || allowedOrigins.includes(origin);
  if (!allowed && !(origin === 'null' && wasSentHere(request))) return;
  void reply
    .header('access-control-allow-origin', origin)
    .header('access-control-expose-headers', exposed)
    // Elsewhere on the page `no-cors` loads (a native player) need this where the page isolates itself.
    .header('cross-origin-resource-policy', 'cross-origin');
}
