import { createHmac, timingSafeEqual } from 'node:crypto';
import { inputError } from './errors.ts';

/** What a live link allows: one stream, for a while. A JWT (RFC 7519) signed with HS256. */
export interface LiveClaims {
  stationId: string;
  sourceId: string;
  /** Not after, seconds since 1970. */
  exp: number;
}

const HEADER = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'JWT' })).toString('base64url');
const sign = (text: string, secret: string) => createHmac('sha256', secret).update(text).digest();

/** The bearer token of a live link. `exp` is seconds since 1970. */
export function signLiveToken(claims: LiveClaims, secret: string): string {
  const { stationId, sourceId, exp } = claims;
  const body = `${HEADER}.${Buffer.from(JSON.stringify({ stationId, sourceId, exp })).toString('base64url')}`;
  return `${body}.${sign(body, secret).toString('base64url')}`;
}

/**
 * Checks signature and expiry (the caller compares station and source with what is asked for).
 * @throws SmartBoxError `live-token-invalid`, `live-token-expired`; the token is never quoted.
 */
export function verifyLiveToken(token: string, secret: string, now: Date = new Date()): LiveClaims {
  const invalid = () => inputError('live-token-invalid', 'this live link was not made by this system');
  const [header, payload, signature, ...rest] = token.split('.');
  // Only the one header we write: a token cannot choose another algorithm, or none.
  if (header !== HEADER || payload === undefined || signature === undefined || rest.length > 0) throw invalid();
  const given = Buffer.from(signature, 'base64url');
  const expected = sign(`${header}.${payload}`, secret);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw invalid();
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Partial<LiveClaims>;
  const { stationId, sourceId, exp } = claims;
  if (typeof stationId !== 'string' || typeof sourceId !== 'string' || typeof exp !== 'number') throw invalid();
  if (exp * 1000 <= now.getTime()) {
    throw inputError('live-token-expired', `this live link ended at ${new Date(exp * 1000).toISOString()}`);
  }
  return { stationId, sourceId, exp };
}
