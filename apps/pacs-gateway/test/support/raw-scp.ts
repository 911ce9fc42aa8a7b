import { createServer, type Server, type Socket } from 'node:net';
import { dataHeader, encodeCommand, PduType } from '@smartbox/dimse';

/** A peer written byte by byte: for what no well-made server can be talked into. */
export interface RawScp {
  port: number;
  stop: () => Promise<void>;
}

export async function rawScp(onConnection: (socket: Socket) => void): Promise<RawScp> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    port,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function item(type: number, value: Buffer): Buffer {
  const header = Buffer.from([type, 0, 0, 0]);
  header.writeUInt16BE(value.length, 2);
  return Buffer.concat([header, value]);
}

/** A-ASSOCIATE-AC that takes the first context in `transferSyntax`. */
export function accept(transferSyntax: string, maxPdu: number): Buffer {
  const max = Buffer.alloc(4);
  max.writeUInt32BE(maxPdu);
  const context = Buffer.concat([Buffer.from([1, 0, 0, 0]), item(0x40, Buffer.from(transferSyntax))]);
  const body = Buffer.concat([
    Buffer.from([0, 1, 0, 0]),
    Buffer.alloc(64, ' '),
    item(0x10, Buffer.from('1.2.840.10008.3.1.1.1')),
    item(0x21, context),
    item(0x50, Buffer.concat([item(0x51, max), item(0x52, Buffer.from('2.25.1')), item(0x55, Buffer.from('RUDE_01'))])),
  ]);
  return pdu(PduType.associateAccept, body);
}

export function pdu(type: number, body: Buffer, length = body.length): Buffer {
  const header = Buffer.alloc(6);
  header.writeUInt8(type, 0);
  header.writeUInt32BE(length, 2);
  return Buffer.concat([header, body]);
}

/** A C-STORE response to the first message. */
export function storeResponse(status: number): Buffer {
  const command = encodeCommand({ commandField: 0x8001, respondedTo: 1, status, hasDataset: false });
  return Buffer.concat([dataHeader(1, command.length, true, true), command]);
}

/** Takes whatever comes and throws it away: PDU by PDU, so that it costs next to nothing. */
export function discarding(transferSyntax: string, maxPdu: number): Promise<RawScp & { bytes: () => number }> {
  let bytes = 0;
  const scp = rawScp((socket) => {
    let header = Buffer.alloc(0);
    let left = 0;
    let kind = 0;
    let last = false;
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      let at = 0;
      while (at < chunk.length) {
        if (left > 0) {
          const take = Math.min(left, chunk.length - at);
          left -= take;
          at += take;
        } else {
          const missing = 12 - header.length;
          header = Buffer.concat([header, chunk.subarray(at, at + missing)]);
          at += Math.min(missing, chunk.length - at);
          const short = header.length >= 10 && header[0] === PduType.releaseRequest;
          if (header.length < 12 && !short) return;
          kind = header.readUInt8(0);
          left = header.readUInt32BE(2) - (header.length - 6);
          last = kind === PduType.data && header.readUInt8(11) === 2;
          header = Buffer.alloc(0);
        }
        if (left > 0) continue;
        if (kind === PduType.associateRequest) socket.write(accept(transferSyntax, maxPdu));
        else if (kind === PduType.releaseRequest) socket.end(pdu(PduType.releaseResponse, Buffer.alloc(4)));
        else if (last) socket.write(storeResponse(0));
      }
    });
  });
  return scp.then((running) => ({ ...running, bytes: () => bytes }));
}
