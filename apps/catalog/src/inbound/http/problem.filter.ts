import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Problem } from '@smartbox/contracts';
import { SmartBoxError, toError } from '@smartbox/kernel';
import { currentTraceId, type Logger } from '@smartbox/telemetry';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isDatabaseTrouble } from '../../outbound/database.ts';
import type { FieldError } from './check-input.ts';

const conflicts = new Set([
  'no-procedure',
  'conversation-closed',
  'recording-runs',
  'id-in-use',
  'nothing-records',
  'nothing-to-retry',
  'consumer-gone',
  'undo-too-late',
  'edit-not-ready',
  'export-not-ready',
  'target-absent',
  'target-read-only',
  'target-full',
  'not-saved',
  'not-uploaded',
  'already-imported',
  'offset-differs',
  'consent-needed',
  'consent-refused',
  'hold-released',
  'accounts-exist',
  'name-taken',
  'last-admin',
  'no-password',
  'roles-from-provider',
  'nothing-to-open',
  'device-busy',
  'device-missing',
  'device-no-signal',
  'device-silent',
]);
const unprocessable = new Set([
  'worklist-item-unknown',
  'recipe-unknown',
  'source-unknown',
  'range-in-future',
  'invalid-range',
  'bad-frame-range',
  'nothing-left',
  'not-a-film',
  'redaction-impossible',
  'no-archive-profile',
  'no-transfer-syntax',
  'burned-in-annotation',
  'password-too-short',
  'password-too-common',
  'password-has-name',
  'password-same',
  'password-wrong',
  'expiry-in-past',
  'device-not-allowed',
  'mode-not-offered',
  'not-a-camera',
]);
const forbidden = new Set(['permission-missing', 'no-account', 'set-up-code-wrong', 'tls-needed', 'no-role']);
const unknownCaller = new Set(['sign-in-needed', 'sign-in-failed']);
const titles: Record<number, string> = {
  400: 'The request is wrong',
  401: 'Nobody is signed in',
  403: 'Not allowed',
  404: 'There is no such thing',
  409: 'Not now',
  410: 'No longer here',
  412: 'Another version',
  413: 'Too large',
  415: 'Wrong media type',
  416: 'No such range',
  422: 'The request cannot be carried out',
  429: 'Too many attempts',
  500: 'Something went wrong here',
  502: 'Another system failed',
  503: 'Not at the moment',
};

/** Status of an error by its code and whose fault it is. */
function statusOf(error: SmartBoxError): number {
  if (error.code.endsWith('-not-found') || error.code === 'station-unknown') return 404;
  if (unknownCaller.has(error.code)) return 401;
  if (forbidden.has(error.code)) return 403;
  if (error.code === 'too-many-attempts') return 429;
  if (conflicts.has(error.code)) return 409;
  if (error.code === 'removed') return 410;
  if (error.code === 'tus-version') return 412;
  if (unprocessable.has(error.code)) return 422;
  if (error.code === 'conversation-not-allowed') return 403;
  if (error.fault === 'input') return 400;
  if (error.fault === 'theirs') return error.retryable ? 503 : 502;
  return 500;
}

/** Anything thrown as RFC 9457 problem+json. What is unknown says nothing but its trace id. */
function toProblem(thrown: unknown): Problem {
  const traceId = currentTraceId();
  const trace = traceId === undefined ? {} : { traceId };
  if (thrown instanceof SmartBoxError) {
    const status = statusOf(thrown);
    const errors = thrown.details['errors'] as FieldError[] | undefined;
    return {
      ...base(status, thrown.code),
      detail: thrown.message,
      ...(errors ? { errors } : {}),
      ...trace,
    };
  }
  if (isDatabaseTrouble(thrown)) {
    return { ...base(503, 'database-unavailable'), detail: 'the database cannot do that at the moment', ...trace };
  }
  const status = httpStatus(thrown);
  if (status === undefined || status >= 500) return { ...base(500, 'internal'), ...trace };
  return { ...base(status, codes[status] ?? 'refused'), detail: toError(thrown).message, ...trace };
}

const codes: Record<number, string> = {
  400: 'invalid-request',
  404: 'not-found',
  405: 'method-not-allowed',
  413: 'body-too-large',
  415: 'media-type',
};
const base = (status: number, code: string) => ({
  type: `urn:smartbox:problem:${code}`,
  title: titles[status] ?? 'The request was refused',
  status,
  code,
});

function httpStatus(thrown: unknown): number | undefined {
  if (thrown instanceof HttpException) return thrown.getStatus();
  const statusCode = (thrown as { statusCode?: unknown } | null)?.statusCode;
  return typeof statusCode === 'number' ? statusCode : undefined;
}

@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const reply = http.getResponse<FastifyReply>();
    const problem = toProblem(thrown);
    if (problem.status >= 500) {
      const { method, routeOptions } = http.getRequest<FastifyRequest>();
      this.#log.error({ err: toError(thrown), method, route: routeOptions.url, code: problem.code }, 'request failed');
    }
    if (reply.sent || reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    const wait = thrown instanceof SmartBoxError ? thrown.details['retryAfterSeconds'] : undefined;
    if (problem.status === 429 && typeof wait === 'number') void reply.header('Retry-After', String(wait));
    if (problem.status === 401) void reply.header('WWW-Authenticate', 'Bearer realm="SmartBox"');
    if (problem.status === 503) void reply.header('Retry-After', '2');
    void reply.status(problem.status).header('Content-Type', 'application/problem+json; charset=utf-8').send(problem);
  }
}
