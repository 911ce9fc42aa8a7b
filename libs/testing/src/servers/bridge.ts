import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP port on loopback, or the path of a Unix socket. */
export type Endpoint = number | string;

/** Hands every connection of one endpoint on to another, byte for byte. Resolves when it listens. */
export function bridge(from: Endpoint, to: Endpoint): Promise<{ close: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (incoming) => {
    const outgoing =
      typeof to === 'number'
        ? connect({ port: to, host: '127.0.0.1', allowHalfOpen: true })
        : connect({ path: to, allowHalfOpen: true });
    for (const [socket, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => sockets.delete(socket));
      socket.pipe(other);
    }
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const close = (): Promise<void> => {
      for (const socket of sockets) socket.destroy();
      return new Promise((done) => server.close(() => done()));
    };
    if (typeof from === 'number') server.listen({ port: from, host: '127.0.0.1' }, () => resolve({ close }));
    else server.listen({ path: from }, () => resolve({ close }));
  });
}
