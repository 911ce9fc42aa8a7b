import { connect, type Socket } from 'node:net';
import { dataHeader, encodeCommand, PduType, StorageCommitmentPushModel } from '@smartbox/dimse';
import { pdu } from './raw-scp.ts';

const item = (type: number, ...parts: Buffer[]): Buffer => {
  const value = Buffer.concat(parts);
  const header = Buffer.from([type, 0, 0, 0]);
  header.writeUInt16BE(value.length, 2);
  return Buffer.concat([header, value]);
};

/** An A-ASSOCIATE-RQ for Storage Commitment in Implicit VR Little Endian as context 1. */
export function associate(callingAeTitle = 'ARCHIVE', calledAeTitle = 'SMARTBOX'): Buffer {
  const context = item(
    0x20,
    Buffer.from([1, 0, 0, 0]),
    item(0x30, Buffer.from(StorageCommitmentPushModel)),
    item(0x40, Buffer.from('1.2.840.10008.1.2')),
  );
  const body = Buffer.concat([
    Buffer.from([0, 1, 0, 0]),
    Buffer.from(calledAeTitle.padEnd(16)),
    Buffer.from(callingAeTitle.padEnd(16)),
    Buffer.alloc(32),
    item(0x10, Buffer.from('1.2.840.10008.3.1.1.1')),
    context,
    item(0x50, item(0x51, Buffer.from([0, 0, 0x40, 0])), item(0x52, Buffer.from('2.25.1'))),
  ]);
  return pdu(PduType.associateRequest, body);
}

/** A P-DATA-TF with one fragment. */
export const fragment = (value: Buffer, command: boolean, last: boolean): Buffer =>
  Buffer.concat([dataHeader(1, value.length, command, last), value]);

/** An N-EVENT-REPORT with this data set, in fragments of 16 000 bytes. */
export function eventReport(dataset: Buffer): Buffer {
  const command = encodeCommand({
    commandField: 0x0100,
    messageId: 7,
    sopClassUid: StorageCommitmentPushModel,
    sopInstanceUid: '1.2.840.10008.1.20.1.1',
    eventTypeId: 1,
    hasDataset: true,
  });
  const parts = [fragment(command, true, true)];
  for (let at = 0; at < dataset.length; at += 16_000) {
    parts.push(fragment(dataset.subarray(at, at + 16_000), false, at + 16_000 >= dataset.length));
  }
  return Buffer.concat(parts);
}

export interface Heard {
  /** Everything that came. */
  bytes: Buffer;
  /** PDU types in their order. */
  pdus: number[];
  /** Source and reason of an A-ABORT; result, source and reason of an A-ASSOCIATE-RJ. */
  last: number[];
  afterMs: number;
}

/** Connects, lets `talk` say something, and listens until the other side closes. */
export async function conversation(port: number, talk: (socket: Socket) => void): Promise<Heard> {
  const begun = performance.now();
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined);
  socket.once('connect', () => talk(socket));
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const bytes = Buffer.concat(chunks);
  const pdus: number[] = [];
  let last: number[] = [];
  for (let at = 0; at + 6 <= bytes.length; at += 6 + bytes.readUInt32BE(at + 2)) {
    pdus.push(bytes.readUInt8(at));
    last = [...bytes.subarray(at + 7, at + 10)];
  }
  return { bytes, pdus, last, afterMs: performance.now() - begun };
}
