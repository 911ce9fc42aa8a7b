import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';

const GRACE_MS = 2000;

/**
 * Lets a server end although browsers keep sockets open. Node waits up to a minute for a socket that was opened ahead
 * and never asked anything: those go at once, answers in flight have two seconds.
 */
export class ConnectionCloser {
  readonly #server: Server;
  readonly #unused = new Set<Socket>();

  constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket: Socket) => {
      this.#unused.add(socket);
      socket.once('close', () => this.#unused.delete(socket));
    });
    server.on('request', (request: IncomingMessage) => this.#unused.delete(request.socket));
  }

  begin(): void {
    for (const socket of this.#unused) socket.destroy();
    setTimeout(() => this.#server.closeAllConnections(), GRACE_MS).unref();
  }
}
