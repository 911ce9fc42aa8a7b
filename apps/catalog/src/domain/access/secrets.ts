import { createHash, randomBytes, randomInt } from 'node:crypto';

/** 256 bits, for a cookie or a bearer token. Its hash is what is kept. */
export const newSecret = (): string => randomBytes(32).toString('base64url');

/** A plain hash is enough for what is random: nobody can guess through it. */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** Without what is mistaken for something else, read aloud or typed with gloves: no vowels, no 0, 1, O, I. */
const ALPHABET = 'BCDFGHJKLMNPQRSTVWXZ23456789';

/** `KXWF-7Q2M`: groups of four. Each is 19 bits. */
export function newCode(groups: number): string {
  const group = () => Array.from({ length: 4 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  return Array.from({ length: groups }, group).join('-');
}

/** What somebody typed of a code, as it was made. */
export function normalCode(typed: string): string {
  const bare = typed.toUpperCase().replace(/[^A-Z0-9]/g, '');
  return (bare.match(/.{1,4}/g) ?? []).join('-');
}

/** API tokens begin so: scanners of source code find one that leaked. */
export const TOKEN_PREFIX = 'sbx_';
