import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from '@smartbox/dicom';
import { AbortReason, PduError, PduType } from './pdu.ts';

/** A presentation context as a requestor proposes it, PS3.8 section 9.3.2.2. */
interface RequestedContext {
  id: number;
  abstractSyntax: string;
  transferSyntaxes: string[];
}

/** SCP/SCU role selection, PS3.7 section D.3.3.4. */
export interface Role {
  sopClassUid: string;
  scu: boolean;
  scp: boolean;
}

/** An A-ASSOCIATE-RQ that was received. */
export interface AssociateRequest {
  calledAeTitle: string;
  callingAeTitle: string;
  contexts: RequestedContext[];
  roles: Role[];
  /** Longest P-DATA-TF body that the requestor takes; 0 means no limit. */
  maxPdu: number;
  implementationVersion?: string;
}

/** Our answer to one context: `transferSyntax` when it is accepted, else the reason of PS3.8 table 9-18. */
export interface ContextAnswer {
  id: number;
  result: 0 | 3 | 4;
  transferSyntax: string;
}

/** A-ASSOCIATE-RJ, PS3.8 table 9-21. */
export interface Rejection {
  result: 1 | 2;
  source: 1 | 2 | 3;
  reason: number;
}

const MAX_CONTEXTS = 128;
const APPLICATION_CONTEXT = '1.2.840.10008.3.1.1.1';
const invalid = (what: string) => new PduError(`A-ASSOCIATE-RQ ${what}`, AbortReason.invalidValue);

function* items(bytes: Buffer): Generator<{ type: number; body: Buffer }> {
  for (let at = 0; at < bytes.length;) {
    if (bytes.length - at < 4) throw invalid('ends inside an item');
    const length = bytes.readUInt16BE(at + 2);
    if (length > bytes.length - at - 4) throw invalid(`has an item of ${length} bytes in ${bytes.length - at - 4}`);
    yield { type: bytes.readUInt8(at), body: bytes.subarray(at + 4, at + 4 + length) };
    at += 4 + length;
  }
}

function uid(bytes: Buffer): string {
  const text = bytes.toString('latin1').replace(/\0+$/, '');
  if (!/^[0-9.]{1,64}$/.test(text)) throw invalid('names something that is no UID');
  return text;
}

const title = (bytes: Buffer) => bytes.toString('latin1').trim();

function context(body: Buffer): RequestedContext {
  if (body.length < 4) throw invalid('has a presentation context that is cut off');
  const found: RequestedContext = { id: body.readUInt8(0), abstractSyntax: '', transferSyntaxes: [] };
  for (const item of items(body.subarray(4))) {
    if (item.type === 0x30) found.abstractSyntax = uid(item.body);
    else if (item.type === 0x40) found.transferSyntaxes.push(uid(item.body));
  }
  if (found.id % 2 === 0 || found.abstractSyntax === '' || found.transferSyntaxes.length === 0) {
    throw invalid(`has the incomplete presentation context ${found.id}`);
  }
  return found;
}

function role(body: Buffer): Role {
  const length = body.length >= 2 ? body.readUInt16BE(0) : body.length;
  if (body.length !== length + 4) throw invalid('has a role selection that is cut off');
  return {
    sopClassUid: uid(body.subarray(2, 2 + length)),
    scu: body.readUInt8(2 + length) === 1,
    scp: body.readUInt8(3 + length) === 1,
  };
}

/** Reads the body of an A-ASSOCIATE-RQ, PS3.8 section 9.3.2. @throws PduError. */
export function readAssociateRequest(body: Buffer): AssociateRequest {
  if (body.length < 68) throw invalid('is cut off');
  if ((body.readUInt16BE(0) & 1) === 0) throw invalid('is of no protocol version that we speak');
  const request: AssociateRequest = {
    calledAeTitle: title(body.subarray(4, 20)),
    callingAeTitle: title(body.subarray(20, 36)),
    contexts: [],
    roles: [],
    maxPdu: 0,
  };
  for (const item of items(body.subarray(68))) {
    if (item.type === 0x20) request.contexts.push(context(item.body));
    else if (item.type === 0x50) {
      for (const part of items(item.body)) {
        if (part.type === 0x51 && part.body.length === 4) request.maxPdu = part.body.readUInt32BE(0);
        else if (part.type === 0x54) request.roles.push(role(part.body));
        else if (part.type === 0x55) request.implementationVersion = title(part.body);
      }
    }
  }
  const ids = new Set(request.contexts.map(({ id }) => id));
  if (ids.size === 0 || ids.size > MAX_CONTEXTS || ids.size !== request.contexts.length) {
    throw invalid(`has ${request.contexts.length} presentation contexts with ${ids.size} ids`);
  }
  return request;
}

/** What the peer says of itself in the user information of an A-ASSOCIATE-RQ or -AC body. Never throws. */
export function implementationOf(body: Buffer): { implementationClassUid?: string; implementationVersion?: string } {
  const found: { implementationClassUid?: string; implementationVersion?: string } = {};
  try {
    for (const item of items(body.subarray(68))) {
      if (item.type !== 0x50) continue;
      for (const part of items(item.body)) {
        if (part.type === 0x52) found.implementationClassUid = uid(part.body);
        else if (part.type === 0x55) found.implementationVersion = title(part.body).slice(0, 16);
      }
    }
  } catch {
    // Only shown to people: what cannot be read is not known.
  }
  return found;
}

function pdu(type: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const header = Buffer.alloc(6);
  header.writeUInt8(type, 0);
  header.writeUInt32BE(body.length, 2);
  return Buffer.concat([header, body]);
}

function item(type: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const header = Buffer.from([type, 0, 0, 0]);
  header.writeUInt16BE(body.length, 2);
  return Buffer.concat([header, body]);
}

const text = (value: string) => Buffer.from(value, 'latin1');

/** A-ASSOCIATE-AC, PS3.8 section 9.3.3. */
export function acceptPdu(
  request: AssociateRequest,
  answers: readonly ContextAnswer[],
  roles: readonly Role[],
  maxPdu: number,
): Buffer {
  const head = Buffer.alloc(68);
  head.writeUInt16BE(1, 0);
  head.write(request.calledAeTitle.slice(0, 16).padEnd(16), 4, 'latin1');
  head.write(request.callingAeTitle.slice(0, 16).padEnd(16), 20, 'latin1');
  const contexts = answers.map(({ id, result, transferSyntax }) =>
    item(0x21, Buffer.from([id, 0, result, 0]), item(0x40, text(transferSyntax))),
  );
  const limit = Buffer.alloc(4);
  limit.writeUInt32BE(maxPdu);
  const selected = roles.map(({ sopClassUid, scu, scp }) => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(sopClassUid.length);
    return item(0x54, length, text(sopClassUid), Buffer.from([scu ? 1 : 0, scp ? 1 : 0]));
  });
  const user = item(
    0x50,
    item(0x51, limit),
    item(0x52, text(IMPLEMENTATION_CLASS_UID)),
    ...selected,
    item(0x55, text(IMPLEMENTATION_VERSION_NAME)),
  );
  return pdu(PduType.associateAccept, head, item(0x10, text(APPLICATION_CONTEXT)), ...contexts, user);
}

/** A-ASSOCIATE-RJ, PS3.8 section 9.3.4. */
export function rejectPdu({ result, source, reason }: Rejection): Buffer {
  return pdu(PduType.associateReject, Buffer.from([0, result, source, reason]));
}
