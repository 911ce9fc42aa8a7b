import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { toError } from '@smartbox/kernel';
import { encodeCommand, type CommandSet } from './command-set.ts';
import { abortion, contextRefusal, DimseError, rejection, type DimseCode, type DimsePhase } from './failures.ts';
import { MessageAssembler, type DimseMessage } from './message-assembler.ts';
import { Negotiation, type Negotiated, type NegotiatedContext, type ProposedContext } from './negotiation.ts';
import {
  abortPdu,
  AbortReason,
  AbortSource,
  dataHeader,
  PduError,
  PduReader,
  PduType,
  PDV_HEADER_BYTES,
  releasePdu,
  type Pdu,
} from './pdu.ts';

export interface PeerAddress {
  host: string;
  port: number;
  calledAeTitle: string;
  callingAeTitle: string;
  /** Present: TLS. With `cert` and `key`: mutual. */
  tls?: ConnectionOptions;
}

export interface AssociationOptions extends PeerAddress {
  contexts: readonly ProposedContext[];
  /** What we announce, and the longest P-DATA-TF body that we write even when the peer takes more. */
  maxPduBytes: number;
  /** Without one byte of progress in either direction for so long, the association is given up. */
  idleTimeoutMs: number;
  /** For the TCP and TLS connection. */
  connectTimeoutMs?: number;
  /** Gives up the opening; `during` gives up what comes later. */
  signal?: AbortSignal | undefined;
}

type State = 'connecting' | 'negotiating' | 'established' | 'releasing' | 'closed';

/** Responses that wait to be taken; the socket is paused beyond. */
const MAX_WAITING_MESSAGES = 64;
/** How long a goodbye may take (ARTIM, PS3.8 section 9.1.5). */
const GOODBYE_MS = 3000;

/**
 * One association as its requestor: the part of the PS3.8 upper layer that a service class user needs.
 * Negotiation is dcmjs-dimse's; data is written straight from its source with the socket's back-pressure, one PDU
 * header at a time. Whatever ends it before the answer (refusal, abort, close, silence) is a DimseError.
 */
export class Association {
  readonly peer: string;
  readonly #options: AssociationOptions;
  readonly #socket: Socket;
  readonly #negotiation: Negotiation;
  readonly #reader: PduReader;
  readonly #assembler = new MessageAssembler();
  readonly #messages: DimseMessage[] = [];
  readonly #closed = Promise.withResolvers<void>();
  #state: State = 'connecting';
  #tcp = false;
  #failure: DimseError | undefined;
  #negotiated: Negotiated | undefined;
  #wake: (() => void) | undefined;
  #messageId = 0;
  /** Bytes of a P-DATA-TF that are promised and not yet written: nothing else may be framed before. */
  #promised = 0;

  private constructor(options: AssociationOptions) {
    this.#options = options;
    this.peer = `${options.calledAeTitle} at ${options.host}:${options.port}`;
    this.#reader = new PduReader(options.maxPduBytes);
    this.#negotiation = new Negotiation(options);
    const { host, port, tls } = options;
    this.#socket = tls ? connectTls({ host, port, ...tls }) : connectTcp({ host, port });
    this.#socket.setNoDelay(true);
    this.#socket.setKeepAlive(true, 30_000);
    this.#arm(options.connectTimeoutMs ?? Math.min(10_000, options.idleTimeoutMs));
    this.#socket.on('connect', () => (this.#tcp = true));
    this.#socket.on(tls ? 'secureConnect' : 'connect', () => this.#connected());
    this.#socket.on('data', (chunk: Buffer) => this.#received(chunk));
    this.#socket.on('drain', () => this.#notify());
    this.#socket.on('timeout', () => this.#timedOut());
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#socketFailed(error));
    this.#socket.on('close', () => this.#socketClosed());
  }

  /** Connects and negotiates. @throws DimseError `peer-unreachable`, `peer-tls-failed`, `association-rejected`, ... */
  static async open(options: AssociationOptions): Promise<Association> {
    const association = new Association(options);
    await association.during(options.signal, () => association.#until(() => association.#state === 'established'));
    return association;
  }

  get established(): boolean {
    return this.#state === 'established';
  }

  /** Every proposed context with the peer's answer. */
  get contexts(): readonly NegotiatedContext[] {
    return this.#negotiated?.contexts ?? [];
  }

  /** Longest P-DATA-TF body we write: the peer's limit, bounded by our own. */
  get sendPduBytes(): number {
    const peer = this.#negotiated?.peerMaxPdu ?? 0;
    return Math.max(
      PDV_HEADER_BYTES + 2,
      Math.min(peer === 0 ? this.#options.maxPduBytes : peer, this.#options.maxPduBytes),
    );
  }

  /** The accepted context for this SOP class (in this transfer syntax). @throws DimseError `presentation-context-refused`. */
  context(abstractSyntax: string, transferSyntax?: string): NegotiatedContext & { transferSyntax: string } {
    const fits = (syntaxes: readonly string[]) => transferSyntax === undefined || syntaxes.includes(transferSyntax);
    const proposed = this.contexts.filter((c) => c.abstractSyntax === abstractSyntax && fits(c.transferSyntaxes));
    for (const context of proposed) {
      const chosen = context.transferSyntax;
      // PS3.8 9.3.3.2: one of those proposed. A peer that answers another one has accepted nothing we can send.
      if (chosen !== undefined && context.transferSyntaxes.includes(chosen) && fits([chosen])) {
        return { ...context, transferSyntax: chosen };
      }
    }
    throw contextRefusal(this.peer, abstractSyntax, transferSyntax ?? 'any', proposed[0]?.result);
  }

  nextMessageId(): number {
    this.#messageId = (this.#messageId % 0xffff) + 1;
    return this.#messageId;
  }

  /** Sends a command set; a data set of `command.hasDataset` follows with `sendData`. */
  async sendCommand(contextId: number, command: CommandSet): Promise<void> {
    const bytes = encodeCommand(command);
    await this.sendData(contextId, bytes.length, [bytes], true);
  }

  /**
   * Streams exactly `size` bytes as one fragmented data set. Nothing is kept: a chunk is written before the next one is
   * asked for. While the source is slow the peer's time does not run.
   * Stops early, without an error, when the peer has answered already.
   * @returns false when it stopped early: the association is then good for reading the answer, and for abort only.
   * @throws RangeError when the source has another length; DimseError when the peer goes.
   */
  async sendData(
    contextId: number,
    size: number,
    chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    command = false,
  ): Promise<boolean> {
    const perPdu = (this.sendPduBytes - PDV_HEADER_BYTES) & ~1; // even, PS3.8 annex E
    let left = size;
    try {
      this.#arm(0);
      for await (const chunk of chunks) {
        if (chunk.byteLength > left) throw new RangeError(`the source gives more than the ${size} bytes it promised`);
        left -= chunk.byteLength;
        if (!this.#writeFragments(contextId, chunk, left, perPdu, command)) {
          this.#arm(this.#options.idleTimeoutMs);
          await this.#until(() => !this.#socket.writableNeedDrain || this.#messages.length > 0);
          this.#arm(0);
        }
        this.#throwIfOver();
        if (this.#messages.length > 0 && left > 0) return false;
      }
      if (left > 0) throw new RangeError(`the source ends ${left} bytes before the ${size} bytes it promised`);
    } catch (error) {
      // A data set that is not whole must never look finished: the peer gets an abort, or an end inside a PDU.
      if (!(error instanceof DimseError)) this.abort();
      throw error;
    } finally {
      if (this.#state === 'established') this.#arm(this.#options.idleTimeoutMs);
    }
    return true;
  }

  /** Waits for the next message; `extraMs` is added to the idle time. @throws DimseError when none comes any more. */
  async receive(extraMs = 0): Promise<DimseMessage> {
    this.#arm(this.#options.idleTimeoutMs + extraMs);
    await this.#until(() => this.#messages.length > 0);
    const message = this.#messages.shift();
    if (!message) throw new Error('a message was there');
    if (this.#socket.isPaused()) this.#socket.resume();
    return message;
  }

  /** Runs one piece of work; the association is aborted when the signal is. */
  async during<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    const onAbort = (): void => this.abort();
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
    try {
      return await work();
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Resolves when it is over, for whatever reason. */
  get ended(): Promise<void> {
    return this.#closed.promise;
  }

  /** Between two objects: no time-out runs. */
  rest(): void {
    this.#arm(0);
  }

  /** A-RELEASE, then closes; a peer that does not answer is left after three seconds. Never throws. */
  async release(): Promise<void> {
    if (this.#state !== 'established') return this.#closed.promise;
    this.#state = 'releasing';
    this.#arm(GOODBYE_MS);
    this.#socket.write(releasePdu(PduType.releaseRequest));
    return this.#closed.promise;
  }

  /** A-ABORT by the service user, and closes. */
  abort(): void {
    this.#end(
      new DimseError('cancelled', this.#phase(), `the association with ${this.peer} was given up`),
      AbortSource.user,
      0,
    );
  }

  #connected(): void {
    this.#state = 'negotiating';
    this.#arm(this.#options.idleTimeoutMs);
    this.#socket.write(this.#negotiation.encodeRequest());
  }

  #writeFragments(contextId: number, chunk: Uint8Array, left: number, perPdu: number, command: boolean): boolean {
    let at = 0;
    let flowing = true;
    this.#socket.cork();
    while (at < chunk.byteLength && this.#state === 'established') {
      if (this.#promised === 0) {
        const remaining = chunk.byteLength - at + left;
        this.#promised = Math.min(perPdu, remaining);
        this.#socket.write(dataHeader(contextId, this.#promised, command, this.#promised === remaining));
      }
      const take = Math.min(this.#promised, chunk.byteLength - at);
      flowing = this.#socket.write(chunk.subarray(at, at + take));
      this.#promised -= take;
      at += take;
    }
    this.#socket.uncork();
    return flowing;
  }

  #received(chunk: Buffer): void {
    if (this.#state === 'closed') return;
    try {
      for (const pdu of this.#reader.push(chunk)) this.#handle(pdu);
    } catch (error) {
      const reason = error instanceof PduError ? error.abortReason : AbortReason.none;
      this.#violated(toError(error).message, reason);
    }
  }

  #handle(pdu: Pdu): void {
    switch (pdu.type) {
      case PduType.associateAccept:
      case PduType.associateReject:
        if (this.#state !== 'negotiating') throw new PduError('a second A-ASSOCIATE answer', AbortReason.unexpected);
        void this.#answered(pdu);
        return;
      case PduType.data:
        if (this.#state !== 'established' && this.#state !== 'releasing') {
          throw new PduError('P-DATA-TF before the association is there', AbortReason.unexpected);
        }
        this.#messages.push(...this.#assembler.push(pdu.body));
        if (this.#messages.length > MAX_WAITING_MESSAGES) this.#socket.pause();
        this.#notify();
        return;
      case PduType.releaseRequest:
        // Also the collision of PS3.8 section 9.2.3 (Sta9): answered, and our own answer is waited for.
        if (this.#promised === 0) this.#socket.write(releasePdu(PduType.releaseResponse));
        if (this.#state !== 'releasing')
          this.#finish(this.#error('association-closed', 'released the association before the answer'));
        return;
      case PduType.releaseResponse:
        if (this.#state !== 'releasing') throw new PduError('A-RELEASE-RP without a request', AbortReason.unexpected);
        this.#finish();
        return;
      case PduType.abort:
        this.#finish(abortion(this.peer, this.#phase(), pdu.body[2] ?? 0, pdu.body[3] ?? 0));
        return;
      default:
        throw new PduError(`PDU type ${pdu.type} is not for a requestor`, AbortReason.unexpected);
    }
  }

  async #answered(pdu: Pdu): Promise<void> {
    const header = Buffer.alloc(6);
    header.writeUInt8(pdu.type, 0);
    header.writeUInt32BE(pdu.body.length, 2);
    try {
      const answer = await this.#negotiation.decodeAnswer(Buffer.concat([header, pdu.body]));
      if (this.#state !== 'negotiating') return;
      if (answer.kind === 'rejected') {
        this.#finish(rejection(this.peer, answer.result, answer.source, answer.reason));
        return;
      }
      this.#negotiated = answer.negotiated;
      this.#state = 'established';
      this.#notify();
    } catch (error) {
      this.#violated(`malformed A-ASSOCIATE answer: ${toError(error).message}`, AbortReason.invalidValue);
    }
  }

  #violated(what: string, reason: number): void {
    this.#end(this.#error('peer-protocol-error', `broke the protocol: ${what}`), AbortSource.provider, reason);
  }

  #timedOut(): void {
    if (this.#state === 'releasing') this.#finish();
    else if (this.#state === 'connecting') this.#finish(this.#error('peer-unreachable', 'does not answer'));
    else {
      const what = this.#state === 'negotiating' ? 'did not answer the association request' : 'made no progress';
      const seconds = Math.round((this.#socket.timeout ?? 0) / 1000);
      this.#end(this.#error('association-idle', `${what} for ${seconds} s`), AbortSource.user, 0);
    }
  }

  #socketFailed(error: NodeJS.ErrnoException): void {
    if (error.code?.startsWith('ERR_SSL')) {
      // TLS 1.3: a peer refuses our certificate only after the handshake is over for us.
      this.#finish(this.#error('peer-tls-failed', `refused the TLS connection: ${error.message}`, error));
    } else if (this.#state !== 'connecting') {
      this.#finish(
        this.#state === 'releasing'
          ? undefined
          : this.#error('association-closed', `broke the connection: ${error.message}`, error),
      );
    } else {
      const tls = this.#tcp && this.#options.tls !== undefined;
      this.#finish(
        this.#error(
          tls ? 'peer-tls-failed' : 'peer-unreachable',
          `cannot be reached: ${error.message || (error.code ?? '')}`,
          error,
        ),
      );
    }
  }

  #socketClosed(): void {
    if (this.#state === 'connecting') this.#finish(this.#error('peer-unreachable', 'closed the connection at once'));
    else
      this.#finish(
        this.#state === 'releasing'
          ? undefined
          : this.#error('association-closed', 'closed the connection before the answer'),
      );
  }

  #phase(): DimsePhase {
    if (this.#state === 'connecting') return 'connect';
    return this.#state === 'negotiating' ? 'negotiation' : 'transfer';
  }

  #error(code: DimseCode, what: string, cause?: unknown): DimseError {
    return new DimseError(code, this.#phase(), `${this.peer} ${what}`, {}, cause);
  }

  /** Tells the peer, then ends. Inside a PDU nothing can be told: the connection is cut. */
  #end(failure: DimseError, source: number, reason: number): void {
    if (this.#state === 'closed') return;
    if (this.#state !== 'connecting' && this.#promised === 0) this.#socket.write(abortPdu(source, reason));
    else this.#socket.destroy();
    this.#finish(failure);
  }

  #finish(failure?: DimseError): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#failure = failure;
    this.#negotiation.close();
    this.#socket.removeAllListeners('timeout');
    const goodbye = setTimeout(() => this.#socket.destroy(), GOODBYE_MS);
    this.#socket.once('close', () => clearTimeout(goodbye));
    this.#socket.resume();
    this.#socket.destroySoon(); // after what is still to be written, at most GOODBYE_MS later
    this.#closed.resolve();
    this.#notify();
  }

  #arm(ms: number): void {
    if (this.#state !== 'closed') this.#socket.setTimeout(ms);
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #throwIfOver(): void {
    if (this.#state !== 'closed') return;
    throw (
      this.#failure ?? new DimseError('association-closed', 'transfer', `the association with ${this.peer} is over`)
    );
  }

  async #until(ready: () => boolean): Promise<void> {
    while (!ready()) {
      this.#throwIfOver();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
