/** Command fields, PS3.7 table E.1-1. */
export const CommandField = {
  storeRequest: 0x0001,
  storeResponse: 0x8001,
  findRequest: 0x0020,
  findResponse: 0x8020,
  echoRequest: 0x0030,
  echoResponse: 0x8030,
  cancelRequest: 0x0fff,
  eventReportRequest: 0x0100,
  eventReportResponse: 0x8100,
  setRequest: 0x0120,
  setResponse: 0x8120,
  actionRequest: 0x0130,
  actionResponse: 0x8130,
  createRequest: 0x0140,
  createResponse: 0x8140,
} as const;

/** Command Data Set Type (0000,0800): no data set follows. Any other value: one follows. PS3.7 section 9.3. */
const NO_DATASET = 0x0101;

export interface CommandSet {
  commandField: number;
  /** Of a request. */
  messageId?: number;
  /** Of a response, and of C-CANCEL. */
  respondedTo?: number;
  /** Affected SOP Class and Instance UID (0000,0002), (0000,1000). */
  sopClassUid?: string;
  sopInstanceUid?: string;
  /** Requested SOP Class and Instance UID (0000,0003), (0000,1001): N-SET and N-ACTION. */
  requestedClassUid?: string;
  requestedInstanceUid?: string;
  /** Event Type ID (0000,1002): N-EVENT-REPORT. */
  eventTypeId?: number;
  /** Action Type ID (0000,1008): N-ACTION. */
  actionTypeId?: number;
  /** Error ID (0000,0903), of the service class. */
  errorId?: number;
  /** 0 medium, 1 high, 2 low. */
  priority?: number;
  status?: number;
  /** Error Comment (0000,0902). May quote what was sent: not for logs. */
  errorComment?: string;
  hasDataset: boolean;
}

function element(number: number, value: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16LE(number, 2);
  header.writeUInt32LE(value.length, 4);
  return Buffer.concat([header, value]);
}

function us(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function ui(value: string): Buffer {
  return Buffer.from(value.length % 2 === 0 ? value : `${value}\0`, 'latin1');
}

/** A command set: Implicit VR Little Endian, group 0000 with its group length. PS3.7 section 6.3.1. */
export function encodeCommand(command: CommandSet): Buffer {
  const elements: Buffer[] = [];
  if (command.sopClassUid !== undefined) elements.push(element(0x0002, ui(command.sopClassUid)));
  if (command.requestedClassUid !== undefined) elements.push(element(0x0003, ui(command.requestedClassUid)));
  elements.push(element(0x0100, us(command.commandField)));
  if (command.messageId !== undefined) elements.push(element(0x0110, us(command.messageId)));
  if (command.respondedTo !== undefined) elements.push(element(0x0120, us(command.respondedTo)));
  if (command.priority !== undefined) elements.push(element(0x0700, us(command.priority)));
  elements.push(element(0x0800, us(command.hasDataset ? 0x0001 : NO_DATASET)));
  if (command.status !== undefined) elements.push(element(0x0900, us(command.status)));
  if (command.sopInstanceUid !== undefined) elements.push(element(0x1000, ui(command.sopInstanceUid)));
  if (command.requestedInstanceUid !== undefined) elements.push(element(0x1001, ui(command.requestedInstanceUid)));
  if (command.eventTypeId !== undefined) elements.push(element(0x1002, us(command.eventTypeId)));
  if (command.actionTypeId !== undefined) elements.push(element(0x1008, us(command.actionTypeId)));
  const body = Buffer.concat(elements);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return Buffer.concat([element(0x0000, length), body]);
}

/** @throws RangeError when it is not a command set. */
export function decodeCommand(bytes: Buffer): CommandSet {
  const values = new Map<number, Buffer>();
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length - at < 8) throw new RangeError('the command set ends inside an element');
    const group = bytes.readUInt16LE(at);
    const length = bytes.readUInt32LE(at + 4);
    if (group !== 0) throw new RangeError(`group ${group.toString(16)} in a command set`);
    if (length > bytes.length - at - 8)
      throw new RangeError(`a command element of ${length} bytes in ${bytes.length - at - 8}`);
    values.set(bytes.readUInt16LE(at + 2), bytes.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  const number = (tag: number): number | undefined => {
    const value = values.get(tag);
    return value && value.length >= 2 ? value.readUInt16LE(0) : undefined;
  };
  const text = (tag: number): string | undefined =>
    values
      .get(tag)
      ?.toString('latin1')
      .replace(/[\0 ]+$/, '');
  const commandField = number(0x0100);
  if (commandField === undefined) throw new RangeError('a command set without a command field (0000,0100)');
  const optional = {
    messageId: number(0x0110),
    respondedTo: number(0x0120),
    sopClassUid: text(0x0002),
    sopInstanceUid: text(0x1000),
    requestedClassUid: text(0x0003),
    requestedInstanceUid: text(0x1001),
    eventTypeId: number(0x1002),
    actionTypeId: number(0x1008),
    errorId: number(0x0903),
    priority: number(0x0700),
    status: number(0x0900),
    errorComment: text(0x0902),
  };
  const present = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  return { ...present, commandField, hasDataset: (number(0x0800) ?? NO_DATASET) !== NO_DATASET };
}
