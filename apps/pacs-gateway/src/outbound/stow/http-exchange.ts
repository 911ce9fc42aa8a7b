import http, { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { StowError, type StowPhase } from './stow-error.ts';

export interface HttpRequest {
  method: 'GET' | 'POST';
  url: URL;
  headers: Readonly<Record<string, string | number>>;
  /**
   * Called when the server may have the body: after its `100 Continue`, or a moment without one (RFC 9110 section
   * 10.1.1). Its length stands in `headers`.
   */
  body?: () => Promise<AsyncIterable<Uint8Array>>;
  /** False: the server is known to refuse `Expect` (417), the body is sent at once. */
  expect?: boolean;
  /** Milliseconds in which neither a byte is taken nor one comes. Our own source may take its time. */
  idleTimeoutMs: number;
  tls?: ConnectionOptions | undefined;
  signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** Answers are lists of references; one that is larger is no answer to us. */
const MAX_ANSWER_BYTES = 1 << 20;
/** Servers that know `Expect` answer it at once; the others wait for the body. */
const CONTINUE_WAIT_MS = 1_000;
/** Each piece taken counts as progress, so pieces are small. */
const PIECE_BYTES = 65_536;

/**
 * One HTTP request on a connection of its own (an idle one that the server closes meanwhile would cost an attempt),
 * its body streamed with back-pressure. Redirects are not followed. @throws StowError; the signal's reason.
 */
export async function exchange(request: HttpRequest): Promise<HttpAnswer> {
  request.signal?.throwIfAborted();
  const run = new Exchange(request);
  try {
    return await run.answer();
  } catch (error) {
    request.signal?.throwIfAborted();
    throw error;
  } finally {
    run.end();
  }
}

class Exchange {
  readonly #request: HttpRequest;
  readonly #outgoing: ClientRequest;
  readonly #chunks: Buffer[] = [];
  #phase: StowPhase = 'connect';
  #connected = false;
  #mayGoOn = false;
  #drained = true;
  #response: IncomingMessage | undefined;
  #received = 0;
  #ended = false;
  #failure: StowError | undefined;
  /** Something happened: whoever waits looks again. */
  #stir: () => void = () => undefined;

  constructor(request: HttpRequest) {
    this.#request = request;
    const { url, method, headers, tls, signal } = request;
    const secure = url.protocol === 'https:';
    const expects = request.body && request.expect !== false ? { Expect: '100-continue' } : {};
    this.#outgoing = (secure ? https : http).request(url, {
      method,
      headers: { ...headers, ...expects },
      agent: false,
      ...(secure ? tls : {}),
      ...(signal ? { signal } : {}),
    });
    this.#listen(secure ? 'secureConnect' : 'connect');
  }

  async answer(): Promise<HttpAnswer> {
    await this.#until(() => this.#connected);
    this.#phase = 'negotiation';
    if (this.#request.body) await this.#send(this.#request.body);
    else this.#outgoing.end();
    await this.#until(() => this.#ended);
    const { statusCode = 0, headers = {} } = this.#response ?? {};
    return { status: statusCode, headers, body: Buffer.concat(this.#chunks) };
  }

  end(): void {
    this.#outgoing.destroy();
  }

  #listen(connected: 'connect' | 'secureConnect'): void {
    const happened = (act: () => void) => () => {
      act();
      this.#stir();
    };
    this.#outgoing
      .once('socket', (socket) =>
        socket.once(
          connected,
          happened(() => (this.#connected = true)),
        ),
      )
      .once(
        'continue',
        happened(() => (this.#mayGoOn = true)),
      )
      .on(
        'drain',
        happened(() => (this.#drained = true)),
      )
      .on('error', (error) => this.#fail(error))
      .once('close', () => {
        if (!this.#response) this.#fail(new Error('the connection ended'));
      })
      .once('response', (response) => this.#receive(response));
  }

  #receive(response: IncomingMessage): void {
    this.#response = response;
    response
      .on('data', (chunk: Buffer) => {
        this.#received += chunk.length;
        if (this.#received <= MAX_ANSWER_BYTES) this.#chunks.push(chunk);
        else this.#fail(new StowError('peer-protocol-error', this.#phase, `${this.#peer} answers without an end`));
        this.#stir();
      })
      .once('end', () => {
        this.#ended = true;
        this.#stir();
      })
      .once('error', (error) => this.#fail(error));
    this.#stir();
  }

  /** Ends early when the answer is there already: nobody wants the rest. */
  async #send(body: () => Promise<AsyncIterable<Uint8Array>>): Promise<void> {
    const waitMs = this.#request.expect === false ? 0 : CONTINUE_WAIT_MS;
    const late = setTimeout(() => {
      this.#mayGoOn = true;
      this.#stir();
    }, waitMs);
    await this.#until(() => this.#mayGoOn || this.#response !== undefined).finally(() => clearTimeout(late));
    if (this.#response) return;
    const chunks = await body();
    this.#phase = 'transfer';
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length && !this.#response; at += PIECE_BYTES) {
        this.#drained = this.#outgoing.write(chunk.subarray(at, at + PIECE_BYTES));
        if (!this.#drained) await this.#until(() => this.#drained || this.#response !== undefined);
      }
      if (this.#response) return;
    }
    this.#outgoing.end();
  }

  /** Waits for what the server has to do next; each thing it does gives it the idle time anew. */
  async #until(there: () => boolean): Promise<void> {
    const { idleTimeoutMs } = this.#request;
    while (!there()) {
      if (this.#failure) throw this.#failure;
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#stir = resolve;
        timer = setTimeout(() => {
          const code = this.#phase === 'connect' ? 'peer-unreachable' : 'peer-idle';
          const says = `${this.#peer}: no byte went either way for ${idleTimeoutMs} ms`;
          this.#fail(new StowError(code, this.#phase, says));
        }, idleTimeoutMs);
      }).finally(() => clearTimeout(timer));
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error instanceof StowError ? error : this.#problem(error);
    this.#stir();
  }

  get #peer(): string {
    return this.#request.url.host;
  }

  #problem(error: Error): StowError {
    const { code = '' } = error as NodeJS.ErrnoException;
    const says = `${this.#peer}: ${error.message}`;
    if (code.startsWith('HPE_')) return new StowError('peer-protocol-error', this.#phase, says, { cause: error });
    if (this.#phase !== 'connect') return new StowError('peer-closed', this.#phase, says, { cause: error });
    const tls = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO|EPROTO|HOSTNAME)/.test(code);
    return new StowError(tls ? 'peer-tls-failed' : 'peer-unreachable', 'connect', says, { cause: error });
  }
}
