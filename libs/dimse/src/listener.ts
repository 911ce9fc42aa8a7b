import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type SecureContextOptions } from 'node:tls';
import { toError, SmartBoxError } from '@smartbox/kernel';
import { Acceptor, plainAddress, type AcceptorLimits, type AcceptorServices, type Caller } from './acceptor.ts';
import type { Rejection } from './associate.ts';

export interface ListenerOptions {
  host: string;
  /** 0: any free one. */
  port: number;
  /** Present: TLS, and only for peers whose certificate `ca` has signed. */
  tls?: SecureContextOptions | undefined;
  maxAssociations: number;
  limits?: Partial<AcceptorLimits>;
  /** May this address talk to us at all? Asked before a byte of it is read. */
  allowsAddress: (address: string) => Promise<boolean>;
  services: AcceptorServices;
}

/** A PDU cap that holds every report of ours, and the thirty seconds in which a stranger has to get on with it. */
export const LISTENER_LIMITS: AcceptorLimits = { maxPduBytes: 65_536, artimMs: 30_000, idleMs: 30_000 };

const LOCAL_LIMIT: Rejection = { result: 2, source: 3, reason: 2 };

/**
 * The only thing of ours that listens for DIMSE: takes the reports of archives. Bounded in associations, connections,
 * bytes and time; an address that is not on the list costs nothing but its connection.
 */
export class DimseListener {
  readonly #options: ListenerOptions;
  readonly #limits: AcceptorLimits;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #running = new Set<Promise<void>>();
  #established = 0;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#limits = { ...LISTENER_LIMITS, ...options.limits };
    const { tls } = options;
    this.#server = tls
      ? createTlsServer({
          ...tls,
          minVersion: 'TLSv1.2', // BCP 195, PS3.15 section B.9
          requestCert: true,
          rejectUnauthorized: true,
          handshakeTimeout: this.#limits.artimMs,
        })
      : createServer();
    // Before TLS too: neither handshakes nor silent connections pile up.
    this.#server.maxConnections = options.maxAssociations * 2 + 8;
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      socket.on('error', () => undefined);
      if (tls) void this.#turnAway(socket); // while the handshake runs; without TLS before a byte is read
    });
    this.#server.on('tlsClientError', (error: Error, socket: Socket) => {
      options.services.onTrouble(`TLS: ${error.message}`, strangerAt(socket));
    });
    this.#server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => this.#accept(socket));
  }

  /** Resolves with the port. @throws SmartBoxError `listener-failed`. */
  async listen(): Promise<number> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => resolve());
    }).catch((error: unknown) => {
      const message = `the DICOM listener cannot have ${host}:${port}: ${toError(error).message}`;
      throw new SmartBoxError({ code: 'listener-failed', message, fault: 'ours' });
    });
    const address = this.#server.address();
    return typeof address === 'object' && address ? address.port : port;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all([closed, ...this.#running]);
  }

  #accept(socket: Socket): void {
    const run = this.#serve(socket);
    this.#running.add(run);
    void run.finally(() => this.#running.delete(run));
  }

  /** @returns true when it is gone: its address is not on the list. */
  async #turnAway(socket: Socket): Promise<boolean> {
    const { allowsAddress, services } = this.#options;
    if (await allowsAddress(plainAddress(socket.remoteAddress)).catch(() => false)) return false;
    services.onTrouble('is not on the list', strangerAt(socket));
    socket.destroy();
    return true;
  }

  async #serve(socket: Socket): Promise<void> {
    const { services, maxAssociations } = this.#options;
    socket.on('error', () => undefined);
    socket.setNoDelay(true);
    if (await this.#turnAway(socket)) return;
    let counted = false;
    const admit = async (caller: Caller): Promise<Rejection | undefined> => {
      if (this.#established >= maxAssociations) return LOCAL_LIMIT;
      this.#established += 1;
      counted = true;
      return services.admit(caller);
    };
    await new Acceptor(socket, { ...services, admit }, this.#limits).run();
    if (counted) this.#established -= 1;
  }
}

const strangerAt = (socket: Socket): Caller => ({
  callingAeTitle: '',
  calledAeTitle: '',
  address: plainAddress(socket.remoteAddress),
});
