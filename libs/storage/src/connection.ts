import { AsyncLocalStorage } from 'node:async_hooks';
import http from 'node:http';
import https from 'node:https';
import { SmartBoxError } from '@smartbox/kernel';
import { Client } from 'minio';
import pRetry from 'p-retry';
import type { S3Address } from './address.ts';
import { digestOf, type Digest } from './read-back.ts';
import { toStorageError } from './storage-error.ts';

export interface ConnectionOptions {
  /** Milliseconds without any byte before a request is given up. */
  idleTimeoutMs?: number;
  /** Further attempts of what may be repeated safely. */
  retries?: number;
}

/**
 * The S3 client with what it lacks: cancellation, an idle time-out, and errors that say whether to retry.
 * Its own retry loses the status and prints to the console, so it is off.
 */
export class S3Connection {
  readonly client: Client;
  readonly bucket: string;
  readonly #idleTimeoutMs: number;
  readonly #retries: number;
  readonly #signals = new AsyncLocalStorage<AbortSignal>();

  constructor(address: S3Address, options: ConnectionOptions = {}) {
    this.bucket = address.bucket;
    this.#retries = options.retries ?? 4;
    const driver = address.tls ? https : http;
    const idleTimeoutMs = options.idleTimeoutMs ?? 30_000;
    this.#idleTimeoutMs = idleTimeoutMs;
    const request = (given: http.RequestOptions, onResponse: (response: http.IncomingMessage) => void) => {
      const signal = this.#signals.getStore();
      let response: http.IncomingMessage | undefined;
      const outgoing = driver.request({ ...given, timeout: idleTimeoutMs, ...(signal ? { signal } : {}) }, (answer) => {
        response = answer;
        onResponse(answer);
      });
      outgoing.on('timeout', () => {
        // Unread bytes mean that our own reader pauses: not the server's fault.
        if (response && response.readableLength > 0) return;
        outgoing.destroy(Object.assign(new Error(`no byte for ${idleTimeoutMs} ms`), { code: 'ETIMEDOUT' }));
      });
      return outgoing;
    };
    this.client = new Client({
      endPoint: address.host,
      port: address.port,
      useSSL: address.tls,
      accessKey: address.accessKey,
      secretKey: address.secretKey,
      ...(address.sessionToken === undefined ? {} : { sessionToken: address.sessionToken }),
      region: address.region,
      pathStyle: true,
      retryOptions: { disableRetry: true },
      transport: { request } as unknown as typeof http,
      transportAgent: new driver.Agent({ keepAlive: true, maxSockets: 64 }),
    });
    // Bodies go unsigned, as over TLS: signing would hash every byte once more here and once more in the server, and
    // what counts is the read-back.
    this.client.enableSHA256 = false;
  }

  /** Length and hash of what stands under a key, read back once. */
  async digest(key: string, signal?: AbortSignal): Promise<Digest> {
    const url = await this.client.presignedGetObject(this.bucket, key, 3600);
    return digestOf(url, { idleTimeoutMs: this.#idleTimeoutMs, signal });
  }

  /** Runs one request; errors come out as SmartBoxError, a cancellation as the signal's reason. */
  async once<T>(verb: string, key: string, signal: AbortSignal | undefined, act: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    try {
      return await (signal ? this.#signals.run(signal, act) : act());
    } catch (error) {
      signal?.throwIfAborted();
      throw toStorageError(error, { verb, bucket: this.bucket, key });
    }
  }

  /** `once`, again with backoff while the error says that it may heal. Only for what is harmless when done twice. */
  async retry<T>(verb: string, key: string, signal: AbortSignal | undefined, act: () => Promise<T>): Promise<T> {
    return pRetry(() => this.once(verb, key, signal, act), {
      retries: this.#retries,
      minTimeout: 100,
      maxTimeout: 5_000,
      factor: 3,
      randomize: true,
      shouldRetry: ({ error }) => error instanceof SmartBoxError && error.retryable,
      ...(signal ? { signal } : {}),
    });
  }
}
