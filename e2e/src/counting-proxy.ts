import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';

/** What a request carried: its upload offset where it has one, and the bytes that went through. */
export interface Carried {
  readonly offset: number;
  bytes: number;
}

/**
 * An HTTP proxy on loopback that counts what uploads (PATCH) carry, and holds still once so much went through: whoever
 * sends is then in the middle of it, however fast the machine is.
 */
export async function countingProxy(target: { port: number }) {
  const uploads: Carried[] = [];
  let limit = Infinity;
  let reached = (): void => undefined;
  let goOn = Promise.resolve();
  const server = http.createServer((request, response) => {
    const { method, url, headers, socket } = request;
    const onward = http.request({ host: '127.0.0.1', port: target.port, method, path: url, headers, agent: false });
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(response);
    });
    const carried = { offset: Number(headers['upload-offset']), bytes: 0 };
    if (method === 'PATCH') uploads.push(carried);
    async function* counted(source: AsyncIterable<Buffer>) {
      for await (const chunk of source) {
        yield chunk;
        carried.bytes += chunk.length;
        if (carried.offset + carried.bytes < limit) continue;
        limit = Infinity;
        reached();
        await goOn;
      }
    }
    pipeline(request, counted, onward).catch(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    uploads,
    /** Resolves when uploads have come to that offset; nothing goes on until `release`. */
    holdAt(offset: number): { held: Promise<void>; release: () => void } {
      let release = (): void => undefined;
      goOn = new Promise((resolve) => (release = resolve));
      limit = offset;
      return { held: new Promise((resolve) => (reached = resolve)), release };
    },
    stop: (): void => {
      server.closeAllConnections();
      server.close();
    },
  };
}
