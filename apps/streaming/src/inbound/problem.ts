import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { SmartBoxError, toError } from '@smartbox/kernel';
import { createLogger, currentTraceId } from '@smartbox/telemetry';
import type { FastifyReply } from 'fastify';

const statuses: Readonly<Record<string, number>> = {
  'live-token-missing': 401,
  'live-token-invalid': 401,
  'live-token-expired': 401,
  'live-token-other-stream': 403,
  'unknown-station': 404,
  'unknown-source': 404,
  'unknown-session': 404,
  'unknown-segment': 404,
  'no-procedure': 404,
  'nothing-recorded': 404,
  // draft-ietf-wish-whep: no live publication yet.
  'source-not-live': 409,
  // The ring dropped it: no retry brings it back.
  'segment-expired': 410,
  'etag-mismatch': 412,
  'unsupported-media-type': 415,
  'no-common-codec': 422,
  'ice-restart-unsupported': 422,
  overloaded: 503,
};
const retryAfterSeconds: Readonly<Record<string, number>> = {
  'source-not-live': 2,
  'nothing-recorded': 2,
  overloaded: 5,
};

/** Every refusal as application/problem+json (RFC 9457) with a stable `code`. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #log = createLogger('streaming');

  catch(thrown: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const { status, code, detail } = this.#facts(thrown);
    if (status === 401) void reply.header('www-authenticate', 'Bearer');
    const retry = retryAfterSeconds[code];
    if (retry !== undefined) void reply.header('retry-after', String(retry));
    void reply
      .status(status)
      .header('content-type', 'application/problem+json')
      .send(JSON.stringify({ type: 'about:blank', title: code, status, code, detail, traceId: currentTraceId() }));
  }

  #facts(thrown: unknown): { status: number; code: string; detail: string } {
    if (thrown instanceof SmartBoxError) {
      const fallback = thrown.fault === 'input' ? 400 : thrown.retryable ? 503 : 500;
      return { status: statuses[thrown.code] ?? fallback, code: thrown.code, detail: thrown.message };
    }
    const status = thrown instanceof HttpException ? thrown.getStatus() : statusOf(thrown);
    if (status < 500) return { status, code: 'bad-request', detail: toError(thrown).message };
    this.#log.error({ err: toError(thrown) }, 'the request failed');
    return { status, code: 'internal', detail: 'see the log of the service' };
  }
}

/** Fastify's own refusals (body too large, unsupported media type) carry a status. */
function statusOf(thrown: unknown): number {
  const status = (thrown as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : 500;
}
