import { createHash } from 'node:crypto';
import { isValid, monotonicFactory } from 'ulid';

const next = monotonicFactory();

/** A new ULID: 26 characters, sortable by time of creation. */
export function newId(): string {
  return next();
}

export function isId(value: string): boolean {
  return isValid(value);
}

/**
 * A ULID-shaped id that is the same for the same parts: what makes a redelivered message harmless.
 * 130 bits of SHA-256 in Crockford base 32 (first character limited to 0-7, as in every ULID).
 */
export function deterministicId(...parts: readonly string[]): string {
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  const bytes = createHash('sha256').update(parts.join('\u0000')).digest();
  let id = '';
  for (let i = 0; i < 26; i++) {
    const byte = bytes[i] ?? 0;
    id += alphabet[i === 0 ? byte & 7 : byte & 31];
  }
  return id;
}

/**
 * A DICOM UID under 2.25 (a UUID as one decimal arc, PS3.5 B.2), the same for the same parts.
 * At most 44 characters.
 */
export function deterministicUid(...parts: readonly string[]): string {
  const bytes = createHash('sha256').update(parts.join('\u0000')).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80; // version 8: custom, RFC 9562 section 5.8
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return `2.25.${BigInt(`0x${bytes.toString('hex')}`).toString(10)}`;
}
