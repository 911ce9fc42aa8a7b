/** PDU types, PS3.8 section 9.3.1. */
export const PduType = {
  associateRequest: 0x01,
  associateAccept: 0x02,
  associateReject: 0x03,
  data: 0x04,
  releaseRequest: 0x05,
  releaseResponse: 0x06,
  abort: 0x07,
} as const;

/** Source of an A-ABORT, PS3.8 table 9-26. */
export const AbortSource = { user: 0, provider: 2 } as const;
/** Reason of an A-ABORT by the service provider, PS3.8 table 9-26. */
export const AbortReason = { none: 0, unrecognised: 1, unexpected: 2, invalidValue: 6 } as const;

/** One received PDU; `body` is a copy of its own without the 6 bytes of header. */
export interface Pdu {
  type: number;
  body: Buffer;
}

/** A PDU that must not be read on: the association is aborted with this reason. */
export class PduError extends Error {
  readonly abortReason: number;
  constructor(message: string, abortReason: number) {
    super(message);
    this.name = 'PduError';
    this.abortReason = abortReason;
  }
}

const PDU_HEADER_BYTES = 6;
/** Length and header of a presentation data value before its bytes: 4 + 1 + 1. */
export const PDV_HEADER_BYTES = 6;
/** An A-ASSOCIATE-AC with 128 contexts and all user items has about 12 KB. */
const MAX_CONTROL_BODY = 65_536;

/** A-RELEASE-RQ and A-RELEASE-RP, PS3.8 sections 9.3.6 and 9.3.7. */
export function releasePdu(type: typeof PduType.releaseRequest | typeof PduType.releaseResponse): Buffer {
  return Buffer.from([type, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
}

/** A-ABORT, PS3.8 section 9.3.8. */
export function abortPdu(source: number, reason: number): Buffer {
  return Buffer.from([PduType.abort, 0, 0, 0, 0, 4, 0, 0, source, reason]);
}

/** The 12 bytes that start a P-DATA-TF with one presentation data value of `length` bytes, PS3.8 9.3.5. */
export function dataHeader(contextId: number, length: number, command: boolean, last: boolean): Buffer {
  const header = Buffer.allocUnsafe(PDU_HEADER_BYTES + PDV_HEADER_BYTES);
  header.writeUInt16BE(PduType.data << 8, 0);
  header.writeUInt32BE(length + PDV_HEADER_BYTES, 2);
  header.writeUInt32BE(length + 2, 6);
  header.writeUInt8(contextId, 10);
  header.writeUInt8((command ? 1 : 0) | (last ? 2 : 0), 11);
  return header;
}

/** One presentation data value of a received P-DATA-TF, PS3.8 9.3.5.1. */
export interface Pdv {
  contextId: number;
  command: boolean;
  last: boolean;
  value: Buffer;
}

/** @throws PduError when the lengths inside do not add up. */
export function* readPdvs(body: Buffer): Generator<Pdv> {
  let at = 0;
  while (at < body.length) {
    if (body.length - at < PDV_HEADER_BYTES)
      throw new PduError('P-DATA-TF ends inside an item', AbortReason.invalidValue);
    const length = body.readUInt32BE(at);
    if (length < 2 || length > body.length - at - 4) {
      throw new PduError(`P-DATA-TF item of ${length} bytes in ${body.length - at - 4}`, AbortReason.invalidValue);
    }
    const control = body.readUInt8(at + 5);
    yield {
      contextId: body.readUInt8(at + 4),
      command: (control & 1) === 1,
      last: (control & 2) === 2,
      value: body.subarray(at + PDV_HEADER_BYTES, at + 4 + length),
    };
    at += 4 + length;
  }
}

/** Cuts a byte stream into PDUs. Holds one PDU at most, and never allocates by a length it has not checked. */
export class PduReader {
  #chunks: Buffer[] = [];
  #held = 0;
  readonly #maxDataBody: number;

  /** `maxDataBody`: the maximum length that we announced for P-DATA-TF. */
  constructor(maxDataBody: number) {
    this.#maxDataBody = maxDataBody;
  }

  /** @throws PduError on an unknown type or a length beyond what was announced. */
  *push(chunk: Buffer): Generator<Pdu> {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    for (;;) {
      if (this.#held < PDU_HEADER_BYTES) return;
      const header = this.#peekHeader();
      const type = header.readUInt8(0);
      const length = header.readUInt32BE(2);
      if (type < PduType.associateRequest || type > PduType.abort) {
        throw new PduError(`PDU type 0x${type.toString(16).padStart(2, '0')}`, AbortReason.unrecognised);
      }
      const limit = type === PduType.data ? this.#maxDataBody : MAX_CONTROL_BODY;
      if (length > limit)
        throw new PduError(`PDU of ${length} bytes, at most ${limit} are allowed`, AbortReason.invalidValue);
      if (this.#held < PDU_HEADER_BYTES + length) return;
      const all = this.#chunks.length === 1 && this.#chunks[0] ? this.#chunks[0] : Buffer.concat(this.#chunks);
      const end = PDU_HEADER_BYTES + length;
      const rest = all.subarray(end);
      this.#chunks = rest.length === 0 ? [] : [rest];
      this.#held = rest.length;
      yield { type, body: Buffer.from(all.subarray(PDU_HEADER_BYTES, end)) };
    }
  }

  #peekHeader(): Buffer {
    const first = this.#chunks[0];
    if (first && first.length >= PDU_HEADER_BYTES) return first;
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }
}
