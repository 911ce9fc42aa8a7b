import { createHmac, timingSafeEqual } from 'node:crypto';
import { inputError } from './errors.ts';

/** To watch the stream, to send it, or to take part in the room's conversation. */
export type LiveUse = 'watch' | 'publish' | 'converse';
const uses: readonly unknown[] = ['watch', 'publish', 'converse'] satisfies LiveUse[];

/** As whom somebody takes part, and what that person may do: roles decide it where the token is made. */
export interface ConversationClaims {
  side: 'room' | 'desk';
  rights: readonly string[];
  /** How the others see this person. */
  name: string;
}

/** What a live link allows: sources of one room, for a while. A JWT (RFC 7519) signed with HS256. */
export interface LiveClaims {
  stationId: string;
  sourceIds: readonly string[];
  /** Not after, seconds since 1970. */
  exp: number;
  /** Absent in what is signed: to watch. */
  use: LiveUse;
  /** The account it was granted to; absent: unknown. */
  who?: string;
  /** With `converse`, which is for the whole room: `sourceIds` are empty. */
  conversation?: ConversationClaims;
}

const HEADER = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'JWT' })).toString('base64url');
const sign = (text: string, secret: string) => createHmac('sha256', secret).update(text).digest();

/** The bearer token of a live link. `exp` is seconds since 1970. */
export function signLiveToken(claims: Omit<LiveClaims, 'use'> & { use?: LiveUse }, secret: string): string {
  const { stationId, sourceIds, exp, who, conversation, use = 'watch' } = claims;
  const payload = { stationId, sourceIds, exp, who, conversation, ...(use === 'watch' ? {} : { use }) };
  const body = `${HEADER}.${Buffer.from(JSON.stringify(payload)).toString('base64url')}`;
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
  const { stationId, sourceIds, exp, who, conversation, use = 'watch' } = claims;
  if (!uses.includes(use) || (use === 'converse') !== (conversation !== undefined)) throw invalid();
  if (typeof stationId !== 'string' || !isStrings(sourceIds) || typeof exp !== 'number') throw invalid();
  if (exp * 1000 <= now.getTime()) {
    throw inputError('live-token-expired', `this live link ended at ${new Date(exp * 1000).toISOString()}`);
  }
  return {
    ...{ stationId, sourceIds, exp, use },
    ...(typeof who === 'string' ? { who } : {}),
    ...(conversation ? { conversation } : {}),
  };
}

const isStrings = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');
