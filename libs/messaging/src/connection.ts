import {
  jetstream,
  JetStreamApiError,
  jetstreamManager,
  type JetStreamClient,
  type JetStreamManager,
} from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { inboxOf } from '@smartbox/contracts';
import { SmartBoxError, toError, transientError } from '@smartbox/kernel';

/** Security and data-loss fixes are in this one (promises.md, JetStream settings). */
export const OLDEST_SERVER = '2.12.7';

/** The server's error "JetStream system temporarily unavailable". */
const NO_LEADER = 10008;

export type ConnectionStatus =
  | { type: 'connected'; server: string }
  | { type: 'disconnected'; server: string }
  | { type: 'error'; reason: string }
  | { type: 'closed' };

export interface NatsOptions {
  /** nats://127.0.0.1:4222, or several of one cluster. */
  servers: string | readonly string[];
  user?: string | undefined;
  pass?: string | undefined;
  /** Shown in the server's monitoring: the service's name. */
  name: string;
  /** JetStream domain of a leaf node. */
  domain?: string | undefined;
  /** How long the first connect is tried, ms; default 30 000. Afterwards reconnects are unlimited. */
  connectTimeoutMs?: number | undefined;
  onStatus?: ((status: ConnectionStatus) => void) | undefined;
}

/** A connection with its JetStream clients and a true picture of whether it is up. */
export class NatsLink {
  readonly connection: NatsConnection;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly options: NatsOptions;
  #connected = true;
  readonly #listeners = new Set<(status: ConnectionStatus) => void>();

  constructor(connection: NatsConnection, js: JetStreamClient, jsm: JetStreamManager, options: NatsOptions) {
    this.connection = connection;
    this.js = js;
    this.jsm = jsm;
    this.options = options;
    if (options.onStatus) this.#listeners.add(options.onStatus);
    void this.#follow();
  }

  get connected(): boolean {
    return this.#connected && !this.connection.isClosed();
  }

  get serverVersion(): string {
    return this.connection.info?.version ?? 'unknown';
  }

  /** Called at each change; returns the way to stop. A throw in a listener is dropped. */
  onStatus(listener: (status: ConnectionStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Publishes what is buffered and closes. Safe to call twice, and while disconnected. */
  async close(): Promise<void> {
    if (this.connection.isClosed()) return;
    if (this.#connected) await this.connection.drain().catch(() => this.connection.close());
    else await this.connection.close();
  }

  async #follow(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type === 'disconnect') this.#emit(false, { type: 'disconnected', server: status.server });
      else if (status.type === 'reconnect') this.#emit(true, { type: 'connected', server: status.server });
      else if (status.type === 'error') this.#emit(this.#connected, { type: 'error', reason: status.error.message });
    }
    this.#emit(false, { type: 'closed' });
  }

  #emit(connected: boolean, status: ConnectionStatus): void {
    this.#connected = connected;
    for (const listener of this.#listeners) {
      try {
        listener(status);
      } catch {
        // A listener must not end the connection's own loop.
      }
    }
  }
}

/**
 * Connects with unlimited reconnects and refuses a server older than OLDEST_SERVER or without JetStream.
 * @throws SmartBoxError `nats-unreachable` (retryable), `nats-too-old`, `nats-refused`, `jetstream-disabled`.
 */
export async function connectNats(options: NatsOptions): Promise<NatsLink> {
  const deadline = Date.now() + (options.connectTimeoutMs ?? 30_000);
  const connection = await firstConnect(options, deadline);
  try {
    assertVersion(connection.info?.version ?? '0.0.0', String(options.servers));
    const jsOptions = { timeout: 10_000, ...(options.domain ? { domain: options.domain } : {}) };
    await awaitJetStream(connection, options, deadline);
    const jsm = await jetstreamManager(connection, { ...jsOptions, checkAPI: false });
    return new NatsLink(connection, jetstream(connection, jsOptions), jsm, options);
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** A cluster that has just been started answers once its servers have elected a leader. */
async function awaitJetStream(connection: NatsConnection, options: NatsOptions, deadline: number): Promise<void> {
  for (;;) {
    try {
      await jetstreamManager(connection, { timeout: 2000, ...(options.domain ? { domain: options.domain } : {}) });
      return;
    } catch (error) {
      const reason = toError(error);
      const electing =
        reason.name === 'TimeoutError' || (error instanceof JetStreamApiError && error.code === NO_LEADER);
      if (electing && Date.now() < deadline) continue;
      throw new SmartBoxError({
        code: 'jetstream-disabled',
        message: `JetStream does not answer at ${String(options.servers)}: ${reason.message}`,
        fault: 'theirs',
        cause: error,
      });
    }
  }
}

async function firstConnect(options: NatsOptions, deadline: number): Promise<NatsConnection> {
  const inboxPrefix = inboxOf(options.user);
  for (;;) {
    try {
      return await connect({
        servers: typeof options.servers === 'string' ? options.servers.split(',') : [...options.servers],
        name: options.name,
        ...(options.user === undefined ? {} : { user: options.user, pass: options.pass ?? '' }),
        ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
        maxReconnectAttempts: -1,
        reconnectTimeWait: 250,
        reconnectJitter: 250,
        pingInterval: 10_000,
        maxPingOut: 2,
        timeout: 5000,
        ignoreAuthErrorAbort: true,
      });
    } catch (error) {
      const reason = toError(error);
      if (reason.name === 'AuthorizationError') {
        throw new SmartBoxError({
          code: 'nats-refused',
          message: `NATS at ${String(options.servers)} refuses user ${JSON.stringify(options.user ?? '')}`,
          fault: 'ours',
          cause: error,
        });
      }
      if (Date.now() >= deadline) {
        throw transientError('nats-unreachable', `no NATS server answers at ${String(options.servers)}`, error);
      }
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}

/** @throws SmartBoxError `nats-too-old` naming the version that is needed. */
export function assertVersion(version: string, server: string): void {
  const parts = (text: string) => text.split('-')[0]?.split('.').map(Number) ?? [];
  const [have, need] = [parts(version), parts(OLDEST_SERVER)];
  for (let i = 0; i < 3; i++) {
    const difference = (have[i] ?? 0) - (need[i] ?? 0);
    if (difference > 0) return;
    if (difference < 0) {
      throw new SmartBoxError({
        code: 'nats-too-old',
        message: `the NATS server at ${server} is ${version}; ${OLDEST_SERVER} or newer is needed`,
        fault: 'theirs',
        details: { version, needed: OLDEST_SERVER },
      });
    }
  }
}
