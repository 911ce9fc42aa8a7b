import { ProtocolError } from './pdu.ts';

/** DIMSE command sets, PS3.7 section 9.3 and annex E: always implicit VR little-endian. */
export const CommandField = {
  storeRequest: 0x0001,
  findRequest: 0x0020,
  echoRequest: 0x0030,
  cancelRequest: 0x0fff,
  eventReportRequest: 0x0100,
  setRequest: 0x0120,
  actionRequest: 0x0130,
  createRequest: 0x0140,
  response: 0x8000,
};

const NO_DATA_SET = 0x0101;

export interface Command {
  field: number;
  messageId: number;
  /** Affected, or requested (N-ACTION, N-SET). */
  sopClassUid: string;
  sopInstanceUid: string;
  hasDataSet: boolean;
  /** Of a response. */
  status?: number;
}

/** @throws ProtocolError */
export function readCommand(bytes: Buffer): Command {
  const elements = new Map<number, Buffer>();
  for (let at = 0; at < bytes.length;) {
    const length = at + 8 <= bytes.length ? bytes.readUInt32LE(at + 4) : bytes.length;
    if (at + 8 + length > bytes.length || bytes.readUInt16LE(at) !== 0) {
      throw new ProtocolError('the command set is malformed', 6);
    }
    elements.set(bytes.readUInt16LE(at + 2), bytes.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  const short = (tag: number): number => {
    const value = elements.get(tag);
    if (value?.length !== 2) throw new ProtocolError(`the command set lacks (0000,${tag.toString(16)})`, 6);
    return value.readUInt16LE(0);
  };

  const text = (tag: number): string => (elements.get(tag)?.toString('latin1') ?? '').replace(/[\u0000 ]+$/, '');
  const isResponse = (short(0x0100) & CommandField.response) !== 0;
  return {
    field: short(0x0100),
    messageId: isResponse ? short(0x0120) : short(0x0110),
    sopClassUid: text(0x0002) || text(0x0003),
    sopInstanceUid: text(0x1000) || text(0x1001),
    hasDataSet: short(0x0800) !== NO_DATA_SET,
    ...(isResponse ? { status: short(0x0900) } : {}),
  };
}

function element(tag: number, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(tag, 2);
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body]);
}

function us(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function ui(value: string): Buffer {
  return Buffer.from(value.length % 2 === 0 ? value : `${value}\u0000`, 'latin1');
}

/** The response to a request: same SOP class and instance, a status of PS3.7 annex C. */
export function responseTo(request: Command, status: number, hasDataSet = false, errorId?: number): Buffer {
  const rest = Buffer.concat([
    element(0x0002, ui(request.sopClassUid)),
    element(0x0100, us(request.field | CommandField.response)),
    element(0x0120, us(request.messageId)),
    element(0x0800, us(hasDataSet ? 0x0001 : NO_DATA_SET)),
    element(0x0900, us(status)),
    ...(errorId === undefined ? [] : [element(0x0903, us(errorId))]),
    ...(request.sopInstanceUid === '' ? [] : [element(0x1000, ui(request.sopInstanceUid))]),
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(rest.length, 0);
  return Buffer.concat([element(0x0000, length), rest]);
}

/** An N-EVENT-REPORT request, PS3.7 section 10.3.1. */
export function eventReport(sopClassUid: string, sopInstanceUid: string, eventTypeId: number): Buffer {
  const rest = Buffer.concat([
    element(0x0002, ui(sopClassUid)),
    element(0x0100, us(CommandField.eventReportRequest)),
    element(0x0110, us(1)),
    element(0x0800, us(0x0001)),
    element(0x1000, ui(sopInstanceUid)),
    element(0x1002, us(eventTypeId)),
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(rest.length, 0);
  return Buffer.concat([element(0x0000, length), rest]);
}

/** What a peer answers to N-ACTION, N-CREATE or N-SET; `report`: what it sends right after it. */
export interface NormalizedAnswer {
  status: number;
  /** Error ID (0000,0903). */
  errorId?: number;
  report?: { command: Buffer; dataSet: Buffer };
}
