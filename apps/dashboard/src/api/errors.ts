import { Problem } from '@smartbox/contracts';

/** What an API call ended with. `code` is stable (RFC 9457 extension member), `message` is for people. */
export class ApiError extends Error {
  /** HTTP status; 0 when nothing answered. */
  readonly status: number;
  readonly code: string;
  readonly retryAfterMs: number | undefined;

  constructor(status: number, code: string, message: string, retryAfterMs?: number) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Reads `Retry-After` (RFC 9110 section 10.2.3: seconds or a date) into milliseconds from now. */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null || header.trim() === '') return undefined;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/** A refused answer as an error: the problem document where its body is one, the status otherwise. */
export function errorOf(response: Pick<Response, 'status' | 'statusText' | 'headers'>, body: unknown): ApiError {
  const wait = retryAfterMs(response.headers.get('retry-after'), Date.now());
  const parsed = Problem.safeParse(body);
  if (!parsed.success) return new ApiError(response.status, `http-${response.status}`, response.statusText, wait);
  const { status, code, title, detail, errors } = parsed.data;
  const fields = errors?.map((e) => `${e.path}: ${e.message}`).join('; ');
  return new ApiError(status, code, fields ?? detail ?? title, wait);
}
