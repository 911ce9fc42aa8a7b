import { inputError } from '@smartbox/kernel';
import type { FastifyRequest } from 'fastify';

/** The media type of the body, without parameters. */
export const typeOf = (request: FastifyRequest): string | undefined =>
  request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();

/** The body as text. @throws SmartBoxError `unsupported-media-type` where it says that it is something else. */
export function bodyOf(request: FastifyRequest, type: string): string {
  const given = typeOf(request);
  if (given !== type || typeof request.body !== 'string') {
    throw inputError('unsupported-media-type', `the body has to be ${type}, not ${JSON.stringify(given ?? '')}`);
  }
  return request.body;
}
