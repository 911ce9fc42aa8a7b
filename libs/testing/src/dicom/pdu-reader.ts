import type { Socket } from 'node:net';
import { ProtocolError } from './pdu.ts';

export interface Pdu {
  type: number;
  body: Buffer;
}

/**
 * Cuts a socket's bytes into PDUs, holding one PDU at a time; the socket is not read further meanwhile.
 * @throws ProtocolError when a PDU claims more than `cap` bytes: nothing of it is buffered.
 */
export async function* readPdus(socket: Socket, cap: number): AsyncGenerator<Pdu> {
  let chunks: Buffer[] = [];
  let have = 0;
  let need = 6;
  // The socket outlives the reading: an A-ABORT may have to be sent over it.
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    have += chunk.length;
    while (have >= need) {
      let bytes = chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks);
      while (bytes.length >= need) {
        const length = bytes.readUInt32BE(2);
        if (length > cap) throw new ProtocolError(`a PDU claims ${length} bytes, ${cap} is the limit`, 6);
        need = 6 + length;
        if (bytes.length < need) break;
        const type = bytes[0] ?? 0;
        const body = bytes.subarray(6, need);
        bytes = bytes.subarray(need);
        need = 6;
        yield { type, body };
      }
      chunks = [bytes];
      have = bytes.length;
    }
  }
}
