import type { FastifyRequest } from 'fastify';

interface Query {
  token?: unknown;
  sent?: unknown;
}

/**
 * What stands in `Authorization`, or the token of the address: players that cannot send headers have it there, and
 * those that another instance has sent here, as browsers leave the header out on the way to another origin (Fetch
 * standard, "HTTP-redirect fetch").
 */
export function bearerOf({ headers, query }: FastifyRequest): string | undefined {
  const { token } = query as Query;
  return headers.authorization ?? (typeof token === 'string' ? `Bearer ${token}` : undefined);
}

/** Another instance had no room. */
export const wasSentHere = ({ query }: FastifyRequest): boolean => (query as Query).sent !== undefined;

/** Where the request is to be sent again. */
export function sentTo(origin: string, request: FastifyRequest): string {
  const [path = ''] = request.url.split('?');
  const token = /^Bearer (.+)$/i.exec(bearerOf(request) ?? '')?.[1] ?? '';
  return `${origin}${path}?${new URLSearchParams({ token, sent: '1' }).toString()}`;
}
