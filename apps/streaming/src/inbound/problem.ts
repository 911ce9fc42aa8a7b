import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { SmartBoxError, toError } from '@smartbox/kernel';
import { createLogger, currentTraceId } from '@smartbox/telemetry';
import type { FastifyReply } from 'fastify';
import { sentTo } from './bearer.ts';

const statuses: Readonly<Record<string, number>> = {
  // draft-ietf-wish-whep, "Load Balancing and Redirections".
  'room-elsewhere': 307,
  'live-token-missing': 401,
  'live-token-invalid': 401,
  'live-token-expired': 401,
  'live-token-other-stream': 403,
  'live-token-other-use': 403,
  'unknown-station': 404,
  'unknown-source': 404,
  'unknown-session': 404,
  'unknown-segment': 404,
  'no-procedure': 404,
  'nothing-recorded': 404,
  // draft-ietf-wish-whep: no live publication yet.
  'source-not-live': 409,
  // Nobody can send to it, or somebody does already (RFC 9110 section 15.5.10).
  'not-a-whip-source': 409,
  'already-publishing': 409,
  'conversation-closed': 409,
  // There is no offer of ours to answer; there is no connection that an ICE restart could keep.
  'already-answered': 409,
  'not-connected': 409,
  // The ring dropped it: no retry brings it back.
  'segment-expired': 410,
  'method-not-allowed': 405,
  'etag-mismatch': 412,
  'unsupported-media-type': 415,
  'no-common-codec': 422,
  // RFC 9725 "HTTP PATCH Request Usage": candidates are taken, restarts are not.
  'ice-restart-unsupported': 422,
  'precondition-required': 428,
  overloaded: 503,
};
/** Of what the HTTP server refuses before anything of ours sees it. */
const codes: Readonly<Record<number, string>> = {
  404: 'not-found',
  405: 'method-not-allowed',
  408: 'request-timeout',
  413: 'too-large',
  415: 'unsupported-media-type',
};
const retryAfterSeconds: Readonly<Record<string, number>> = {
  'conversation-closed': 5,
  'source-not-live': 2,
  'nothing-recorded': 2,
  overloaded: 5,
  'already-publishing': 5,
  'source-not-ready': 2,
  'no-responders': 2,
};

export interface ProblemFacts {
  status: number;
  code: string;
  detail: string;
}

/** What a refusal is for the one who asked. */
export function problemOf(thrown: unknown): ProblemFacts {
  if (thrown instanceof SmartBoxError) {
    const fallback = thrown.fault === 'input' ? 400 : thrown.retryable ? 503 : 500;
    return { status: statuses[thrown.code] ?? fallback, code: thrown.code, detail: thrown.message };
  }
  const status = thrown instanceof HttpException ? thrown.getStatus() : statusOf(thrown);
  if (status < 500) return { status, code: codes[status] ?? 'bad-request', detail: toError(thrown).message };
  return { status, code: 'internal', detail: 'see the log of the service' };
}

/** Every refusal as application/problem+json (RFC 9457) with a stable `code`, also those of the HTTP server itself. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #log = createLogger('streaming');

  catch(thrown: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const { status, code, detail } = problemOf(thrown);
    if (code === 'internal') this.#log.error({ err: toError(thrown) }, 'the request failed');
    const origin = elsewhere(thrown);
    if (origin !== undefined) void reply.header('location', sentTo(origin, host.switchToHttp().getRequest()));
    if (status === 401) void reply.header('www-authenticate', 'Bearer');
    const retry = retryAfterSeconds[code];
    if (retry !== undefined) void reply.header('retry-after', String(retry));
    void reply
      .status(status)
      .header('content-type', 'application/problem+json')
      .send(JSON.stringify({ type: 'about:blank', title: code, status, code, detail, traceId: currentTraceId() }));
  }
}

/** The instance that has room, where that is the reason. */
export function elsewhere(thrown: unknown): string | undefined {
  const origin = thrown instanceof SmartBoxError && thrown.code === 'room-elsewhere' && thrown.details?.['origin'];
  return typeof origin === 'string' ? origin : undefined;
}

/** Fastify's own refusals (body too large, unsupported media type) carry a status. */
function statusOf(thrown: unknown): number {
  const status = (thrown as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : 500;
}
