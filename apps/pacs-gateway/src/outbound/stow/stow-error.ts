import { SmartBoxError } from '@smartbox/kernel';

/** What can go wrong between us and a DICOMweb server; the domain decides by the code. */
export type StowCode =
  /** No connection. */
  | 'peer-unreachable'
  /** A connection, but no TLS: certificate refused, wrong name, no TLS there. */
  | 'peer-tls-failed'
  /** No byte went either way for the configured time. */
  | 'peer-idle'
  /** The connection ended before the answer came. */
  | 'peer-closed'
  /** 408, 500, 502, 504, 507 ...: it failed at this request. */
  | 'peer-failed'
  /** 429, 503: it asks to be left alone for a while. */
  | 'peer-busy'
  /** 401, or the token endpoint refused: it does not know us (any more). */
  | 'peer-unauthorized'
  /** An answer that PS3.18 does not know. */
  | 'peer-protocol-error'
  /** Its import job named the object as one that it cannot import. */
  | 'import-refused'
  /** It answered success and does not find the instance, or its import job failed. */
  | 'instance-missing'
  /** 415: as a refused presentation context of DIMSE, another transfer syntax may help. */
  | 'presentation-context-refused'
  /** Any other refusal. */
  | `http-status-${number}`;

/** How far the exchange had come: before `transfer` nothing of the object was sent. */
export type StowPhase = 'connect' | 'negotiation' | 'transfer';

const final = /^(http-status-|presentation-context-refused|import-refused)/;

/** A failure of the server or of the way to it. `details.phase` is always there; `details.retryAfterMs` where it said so. */
export class StowError extends SmartBoxError {
  constructor(
    code: StowCode,
    phase: StowPhase,
    message: string,
    more: { retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    const { retryAfterMs, cause } = more;
    super({
      code,
      message,
      fault: 'theirs',
      retryable: !final.test(code),
      details: { phase, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
      cause,
    });
  }
}

const MAX_RETRY_AFTER_MS = 3_600_000;

/** Retry-After, RFC 9110 section 10.2.3: seconds or a date; at most an hour. */
function retryAfterMs(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), MAX_RETRY_AFTER_MS);
}

/** A status that is no success as an error (PS3.18 section 8.5). The body is left out: it may quote patient data. */
export function refusedBy(
  peer: string,
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  phase: StowPhase,
): StowError {
  const says = `${peer} answered HTTP ${status}`;
  const after = headers['retry-after'];
  const waitMs = retryAfterMs(typeof after === 'string' ? after : undefined, Date.now());
  if (status === 415) return syntaxRefused(peer, 'HTTP 415');
  if (status === 401) return new StowError('peer-unauthorized', phase, `${says}: check the credentials`);
  if (status === 429 || status === 503) return new StowError('peer-busy', phase, says, { retryAfterMs: waitMs });
  if (status === 408 || status >= 500) {
    const code = status === 501 || status === 505 ? (`http-status-${status}` as const) : 'peer-failed';
    return new StowError(code, phase, says);
  }
  if (status >= 300 && status < 400) {
    const { location } = headers;
    const to = (typeof location === 'string' && URL.parse(location)?.origin) || 'another address';
    return new StowError(`http-status-${status}`, phase, `${says}: it points to ${to}, redirects are not followed`);
  }
  const why: Record<number, string> = {
    403: 'it may not be stored with these credentials',
    404: 'there is no DICOMweb service at this address',
    411: 'it wants a length and was given one',
    413: 'the object is too large for it: set maxObjectBytes',
  };
  return new StowError(`http-status-${status}`, phase, why[status] === undefined ? says : `${says}: ${why[status]}`);
}

/** The object as such is welcome, its transfer syntax is not. */
export function syntaxRefused(peer: string, says: string): StowError {
  return new StowError(
    'presentation-context-refused',
    'negotiation',
    `${peer} does not take the transfer syntax: ${says}`,
  );
}
