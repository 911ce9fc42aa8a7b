/** Protocol data units of the DICOM upper layer, PS3.8 section 9.3. Numbers are big-endian here. */

export const PduType = {
  associateRq: 1,
  associateAc: 2,
  associateRj: 3,
  data: 4,
  releaseRq: 5,
  releaseRp: 6,
  abort: 7,
};

/** Something a peer sent that PS3.8 does not allow; `reason` is the A-ABORT reason of table 9-26. */
export class ProtocolError extends Error {
  readonly reason: number;

  constructor(message: string, reason: number) {
    super(message);
    this.reason = reason;
  }
}

const UNEXPECTED_PARAMETER = 5;
const INVALID_PARAMETER = 6;

interface ProposedContext {
  id: number;
  abstractSyntax: string;
  transferSyntaxes: string[];
}

export interface AssociateRequest {
  calledAe: string;
  callingAe: string;
  contexts: ProposedContext[];
  /** The largest P-DATA-TF the peer takes; 0 is "no limit". */
  maxLength: number;
  /** SOP classes of which the requestor is the provider (role selection, PS3.7 D.3.3.4). */
  providerOf?: readonly string[];
}

export interface AnsweredContext {
  id: number;
  /** 0 acceptance, 1 user rejection, 3 abstract syntax not supported, 4 transfer syntaxes not supported. */
  result: number;
  transferSyntax: string;
}

function* items(bytes: Buffer): Generator<{ type: number; body: Buffer }> {
  for (let at = 0; at < bytes.length;) {
    if (at + 4 > bytes.length) throw new ProtocolError('an item is cut off', INVALID_PARAMETER);
    const length = bytes.readUInt16BE(at + 2);
    if (at + 4 + length > bytes.length) throw new ProtocolError('an item is longer than its PDU', INVALID_PARAMETER);
    yield { type: bytes[at] ?? 0, body: bytes.subarray(at + 4, at + 4 + length) };
    at += 4 + length;
  }
}

const uid = (bytes: Buffer): string => {
  const text = bytes.toString('latin1').replace(/\u0000+$/, '');
  if (!/^[0-9.]{1,64}$/.test(text)) throw new ProtocolError('not a UID', INVALID_PARAMETER);
  return text;
};

function context(body: Buffer): ProposedContext {
  if (body.length < 4) throw new ProtocolError('a presentation context is cut off', INVALID_PARAMETER);
  const proposed: ProposedContext = { id: body[0] ?? 0, abstractSyntax: '', transferSyntaxes: [] };
  for (const item of items(body.subarray(4))) {
    if (item.type === 0x30) proposed.abstractSyntax = uid(item.body);
    else if (item.type === 0x40) proposed.transferSyntaxes.push(uid(item.body));
  }
  if (proposed.id % 2 === 0 || proposed.abstractSyntax === '' || proposed.transferSyntaxes.length === 0) {
    throw new ProtocolError(`presentation context ${proposed.id} is incomplete`, INVALID_PARAMETER);
  }
  return proposed;
}

/** The body of an A-ASSOCIATE-RQ (PS3.8 9.3.2). @throws ProtocolError */
export function readAssociateRequest(body: Buffer): AssociateRequest {
  if (body.length < 68) throw new ProtocolError('A-ASSOCIATE-RQ is cut off', INVALID_PARAMETER);
  const request: AssociateRequest = {
    calledAe: body.toString('latin1', 4, 20).trim(),
    callingAe: body.toString('latin1', 20, 36).trim(),
    contexts: [],
    maxLength: 0,
  };
  for (const item of items(body.subarray(68))) {
    if (item.type === 0x20) request.contexts.push(context(item.body));
    else if (item.type === 0x50) {
      for (const part of items(item.body)) {
        if (part.type === 0x51 && part.body.length === 4) request.maxLength = part.body.readUInt32BE(0);
      }
    } else if (item.type !== 0x10) throw new ProtocolError(`item ${item.type} in A-ASSOCIATE-RQ`, UNEXPECTED_PARAMETER);
  }
  if (request.contexts.length === 0 || request.contexts.length > 128) {
    throw new ProtocolError(`${request.contexts.length} presentation contexts`, INVALID_PARAMETER);
  }
  return request;
}

function pdu(type: number, ...parts: Buffer[]): Buffer {
  const header = Buffer.alloc(6);
  header[0] = type;
  header.writeUInt32BE(
    parts.reduce((sum, part) => sum + part.length, 0),
    2,
  );
  return Buffer.concat([header, ...parts]);
}

function item(type: number, ...parts: Buffer[]): Buffer {
  const header = Buffer.alloc(4);
  header[0] = type;
  header.writeUInt16BE(
    parts.reduce((sum, part) => sum + part.length, 0),
    2,
  );
  return Buffer.concat([header, ...parts]);
}

const text = (value: string): Buffer => Buffer.from(value, 'latin1');

function associateHead(request: AssociateRequest): Buffer {
  const head = Buffer.alloc(68);
  head.writeUInt16BE(1, 0);
  head.write(request.calledAe.padEnd(16), 4, 'latin1');
  head.write(request.callingAe.padEnd(16), 20, 'latin1');
  return head;
}

function userInformation(maxLength: number, providerOf: readonly string[] = []): Buffer {
  const limit = Buffer.alloc(4);
  limit.writeUInt32BE(maxLength, 0);
  const roles = providerOf.map((uid) => item(0x54, Buffer.from([0, uid.length]), text(uid), Buffer.from([0, 1])));
  return item(0x50, item(0x51, limit), item(0x52, text('2.25.287461947263520119')), ...roles);
}

const applicationContext = (): Buffer => item(0x10, text('1.2.840.10008.3.1.1.1'));

/** A-ASSOCIATE-RQ (PS3.8 9.3.2). */
export function associateRequest(request: AssociateRequest): Buffer {
  const contexts = request.contexts.map(({ id, abstractSyntax, transferSyntaxes }) =>
    item(
      0x20,
      Buffer.from([id, 0, 0, 0]),
      item(0x30, text(abstractSyntax)),
      ...transferSyntaxes.map((syntax) => item(0x40, text(syntax))),
    ),
  );
  const parts = [applicationContext(), ...contexts, userInformation(request.maxLength, request.providerOf)];
  return pdu(PduType.associateRq, associateHead(request), ...parts);
}

/** A-ASSOCIATE-AC (PS3.8 9.3.3) that answers a request, context by context. */
export function associateAccept(request: AssociateRequest, answers: AnsweredContext[], maxLength: number): Buffer {
  const contexts = answers.map((answer) =>
    item(0x21, Buffer.from([answer.id, 0, answer.result, 0]), item(0x40, text(answer.transferSyntax))),
  );
  const parts = [applicationContext(), ...contexts, userInformation(maxLength)];
  return pdu(PduType.associateAc, associateHead(request), ...parts);
}

export interface Rejection {
  /** 1 permanent, 2 transient (PS3.8 table 9-21). */
  result: 1 | 2;
  source: number;
  reason: number;
}

export function associateReject({ result, source, reason }: Rejection): Buffer {
  return pdu(PduType.associateRj, Buffer.from([0, result, source, reason]));
}

/** Source 0 is the service user, 2 the upper layer (PS3.8 9.3.8). */
export function abort(source: number, reason: number): Buffer {
  return pdu(PduType.abort, Buffer.from([0, 0, source, reason]));
}

export function releaseResponse(): Buffer {
  return pdu(PduType.releaseRp, Buffer.alloc(4));
}

export interface Fragment {
  contextId: number;
  isCommand: boolean;
  isLast: boolean;
  bytes: Buffer;
}

/** The presentation data values of one P-DATA-TF (PS3.8 9.3.5). @throws ProtocolError */
export function* readData(body: Buffer): Generator<Fragment> {
  for (let at = 0; at < body.length;) {
    const length = at + 6 <= body.length ? body.readUInt32BE(at) : 0;
    if (length < 2 || at + 4 + length > body.length) {
      throw new ProtocolError('a presentation data value does not fit its PDU', INVALID_PARAMETER);
    }
    const control = body[at + 5] ?? 0;
    yield {
      contextId: body[at + 4] ?? 0,
      isCommand: (control & 1) !== 0,
      isLast: (control & 2) !== 0,
      bytes: body.subarray(at + 6, at + 4 + length),
    };
    at += 4 + length;
  }
}

/** One message part as P-DATA-TFs no longer than the peer's limit. */
export function* writeData(contextId: number, isCommand: boolean, bytes: Buffer, peerLimit: number): Generator<Buffer> {
  const room = Math.max(1, (peerLimit === 0 ? 65_536 : Math.min(peerLimit, 65_536)) - 6);
  for (let at = 0; at === 0 || at < bytes.length; at += room) {
    const piece = bytes.subarray(at, at + room);
    const head = Buffer.alloc(6);
    head.writeUInt32BE(piece.length + 2, 0);
    head[4] = contextId;
    head[5] = (isCommand ? 1 : 0) | (at + room >= bytes.length ? 2 : 0);
    yield pdu(PduType.data, head, piece);
  }
}
