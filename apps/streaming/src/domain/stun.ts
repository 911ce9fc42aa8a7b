import { createHmac, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** STUN (RFC 8489) as far as ICE uses it: binding requests and their answers (RFC 8445 section 7). */
export interface StunMessage {
  kind: 'request' | 'success' | 'error' | 'indication';
  transaction: Buffer;
  /** `<ufrag of the receiver>:<ufrag of the sender>`; answers have none. */
  username: string | undefined;
  useCandidate: boolean;
  /** Where MESSAGE-INTEGRITY begins. */
  integrityAt: number | undefined;
}

export interface TransportAddress {
  address: string;
  port: number;
}

const COOKIE = 0x2112a442;
const HEADER = 20;
const BINDING = 0x0001;
const kinds = { request: 0x0000, indication: 0x0010, success: 0x0100, error: 0x0110 } as const;
const ATTRIBUTE = {
  username: 0x0006,
  integrity: 0x0008,
  xorMappedAddress: 0x0020,
  priority: 0x0024,
  useCandidate: 0x0025,
  fingerprint: 0x8028,
  controlled: 0x8029,
  controlling: 0x802a,
} as const;
const FINGERPRINT_XOR = 0x5354554e;
/** MESSAGE-INTEGRITY with its header (RFC 8489 section 14.5), FINGERPRINT with its header (section 14.7). */
const INTEGRITY_BYTES = 24;
const FINGERPRINT_BYTES = 8;

/** Undefined for anything that is no binding message, also for one that is cut off (RFC 7983 section 7, RFC 8489 section 6.3). */
export function readStun(packet: Buffer): StunMessage | undefined {
  if (packet.length < HEADER || packet.readUInt32BE(4) !== COOKIE) return undefined;
  const type = packet.readUInt16BE(0);
  const kind = (Object.keys(kinds) as (keyof typeof kinds)[]).find((one) => (kinds[one] | BINDING) === type);
  if (!kind || packet.readUInt16BE(2) !== packet.length - HEADER) return undefined;
  const message: StunMessage = {
    kind,
    transaction: packet.subarray(8, HEADER),
    username: undefined,
    useCandidate: false,
    integrityAt: undefined,
  };
  for (let at = HEADER; at < packet.length;) {
    if (at + 4 > packet.length) return undefined;
    const attribute = packet.readUInt16BE(at);
    const length = packet.readUInt16BE(at + 2);
    if (at + 4 + length > packet.length) return undefined;
    // What stands behind MESSAGE-INTEGRITY is not covered by it and counts for nothing (RFC 8489 section 14.5).
    if (message.integrityAt === undefined) {
      if (attribute === ATTRIBUTE.username) message.username = packet.toString('utf8', at + 4, at + 4 + length);
      if (attribute === ATTRIBUTE.useCandidate) message.useCandidate = true;
      if (attribute === ATTRIBUTE.integrity && length === 20) message.integrityAt = at;
    }
    at += 4 + length + ((4 - (length % 4)) % 4);
  }
  return message;
}

/** Was it made by somebody who knows the password (short-term credentials, RFC 8489 section 9.1)? */
export function isAuthentic(packet: Buffer, { integrityAt }: StunMessage, password: string): boolean {
  if (integrityAt === undefined) return false;
  const given = packet.subarray(integrityAt + 4, integrityAt + INTEGRITY_BYTES);
  return timingSafeEqual(given, integrity(packet.subarray(0, integrityAt), password));
}

export interface BindingRequest {
  transaction: Buffer;
  username: string;
  password: string;
  priority: number;
  role: 'controlling' | 'controlled';
  tieBreaker: Buffer;
}

/** A connectivity check; the controlling side nominates with it (RFC 8445 section 7.1). */
export function bindingRequest(request: BindingRequest): Buffer {
  const { transaction, username, password, role, tieBreaker } = request;
  const priority = Buffer.alloc(4);
  priority.writeUInt32BE(request.priority);
  const attributes = [
    attribute(ATTRIBUTE.username, Buffer.from(username)),
    attribute(ATTRIBUTE.priority, priority),
    attribute(ATTRIBUTE[role], tieBreaker),
  ];
  if (role === 'controlling') attributes.push(attribute(ATTRIBUTE.useCandidate, Buffer.alloc(0)));
  return seal(kinds.request, transaction, attributes, password);
}

/** The answer to a connectivity check (RFC 8445 section 7.3). */
export function bindingSuccess(transaction: Buffer, from: TransportAddress, password: string): Buffer {
  return seal(
    kinds.success,
    transaction,
    [attribute(ATTRIBUTE.xorMappedAddress, xorAddress(from, transaction))],
    password,
  );
}

/** Header, attributes, MESSAGE-INTEGRITY, FINGERPRINT; each computed with the length that ends behind itself. */
function seal(kind: number, transaction: Buffer, attributes: readonly Buffer[], password: string): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeUInt16BE(kind | BINDING, 0);
  header.writeUInt32BE(COOKIE, 4);
  transaction.copy(header, 8);
  const plain = Buffer.concat([header, ...attributes]);
  const signed = Buffer.concat([plain, attribute(ATTRIBUTE.integrity, integrity(plain, password))]);
  const fingerprint = Buffer.alloc(4);
  signed.writeUInt16BE(signed.length + FINGERPRINT_BYTES - HEADER, 2);
  fingerprint.writeUInt32BE((crc32(signed) ^ FINGERPRINT_XOR) >>> 0);
  return Buffer.concat([signed, attribute(ATTRIBUTE.fingerprint, fingerprint)]);
}

function integrity(before: Buffer, password: string): Buffer {
  const covered = Buffer.from(before);
  covered.writeUInt16BE(before.length + INTEGRITY_BYTES - HEADER, 2);
  return createHmac('sha1', password).update(covered).digest();
}

function attribute(type: number, value: Buffer): Buffer {
  const out = Buffer.alloc(4 + value.length + ((4 - (value.length % 4)) % 4));
  out.writeUInt16BE(type, 0);
  out.writeUInt16BE(value.length, 2);
  value.copy(out, 4);
  return out;
}

/** RFC 8489 section 14.2. */
function xorAddress({ address, port }: TransportAddress, transaction: Buffer): Buffer {
  const ip = addressBytes(address);
  const out = Buffer.alloc(4 + ip.length);
  out.writeUInt8(ip.length === 4 ? 1 : 2, 1);
  out.writeUInt16BE(port ^ (COOKIE >>> 16), 2);
  const mask = Buffer.alloc(16);
  mask.writeUInt32BE(COOKIE);
  transaction.copy(mask, 4);
  for (const [i, byte] of ip.entries()) out[4 + i] = byte ^ (mask[i] ?? 0);
  return out;
}

function addressBytes(address: string): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const groups = (part: string) => part.split(':').filter(Boolean);
  const [front, back] = [groups(head), groups(tail ?? '')];
  const all = [...front, ...Array<string>(8 - front.length - back.length).fill('0'), ...back];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}
