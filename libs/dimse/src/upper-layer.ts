import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { toError } from '@smartbox/kernel';
import { implementationOf } from './associate.ts';
import { abortion, DimseError, rejection, type DimseCode, type DimsePhase } from './failures.ts';
import { MessageAssembler, type DimseMessage } from './message-assembler.ts';
import { Negotiation, type Negotiated, type ProposedContext } from './negotiation.ts';
import { abortPdu, AbortReason, AbortSource, PduError, PduReader, PduType, releasePdu, type Pdu } from './pdu.ts';

interface PeerAddress {
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
 * The upper layer of PS3.8 as an association's requestor sees it: connection, state, incoming PDUs, the end.
 * Whatever ends it before the answer (refusal, abort, close, silence) is a DimseError.
 */
export class UpperLayer {
  readonly peer: string;
  readonly socket: Socket;
  /** Received and not yet taken. */
  readonly messages: DimseMessage[] = [];
  negotiated: Negotiated | undefined;
  /** Bytes of a P-DATA-TF that are announced and not yet written: nothing else may be framed before. */
  promised = 0;
  readonly #options: AssociationOptions;
  readonly #negotiation: Negotiation;
  readonly #reader: PduReader;
  readonly #assembler = new MessageAssembler();
  readonly #closed = Promise.withResolvers<void>();
  #state: State = 'connecting';
  #tcp = false;
  #failure: DimseError | undefined;
  #wake: (() => void) | undefined;

  /** Begins to connect; `until` tells when it is established. */
  constructor(options: AssociationOptions) {
    this.#options = options;
    this.peer = `${options.calledAeTitle} at ${options.host}:${options.port}`;
    this.#reader = new PduReader(options.maxPduBytes);
    this.#negotiation = new Negotiation(options);
    const { host, port, tls } = options;
    this.socket = tls ? connectTls({ host, port, ...tls }) : connectTcp({ host, port });
    this.socket.setNoDelay(true);
    this.socket.setKeepAlive(true, 30_000);
    this.arm(options.connectTimeoutMs ?? Math.min(10_000, options.idleTimeoutMs));
    this.socket.on('connect', () => (this.#tcp = true));
    this.socket.on(tls ? 'secureConnect' : 'connect', () => this.#connected());
    this.socket.on('data', (chunk: Buffer) => this.#received(chunk));
    this.socket.on('drain', () => this.#notify());
    this.socket.on('timeout', () => this.#timedOut());
    this.socket.on('error', (error: NodeJS.ErrnoException) => this.#socketFailed(error));
    this.socket.on('close', () => this.#socketClosed());
  }

  get established(): boolean {
    return this.#state === 'established';
  }

  /** Resolves when it is over, for whatever reason. */
  get ended(): Promise<void> {
    return this.#closed.promise;
  }

  /** From now on, so many ms without a byte in either direction end it; 0: none do. */
  arm(ms: number): void {
    if (this.#state !== 'closed') this.socket.setTimeout(ms);
  }

  /** Waits until something came true; one waits at a time. @throws DimseError when it is over before. */
  async until(ready: () => boolean): Promise<void> {
    while (!ready()) {
      this.throwIfOver();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  throwIfOver(): void {
    if (this.#state !== 'closed') return;
    throw this.#failure ?? this.#error('association-closed', 'is over');
  }

  /** A-RELEASE, then closes; a peer that does not answer is left after three seconds. Never throws. */
  async release(): Promise<void> {
    if (this.#state === 'established') {
      this.#state = 'releasing';
      this.arm(GOODBYE_MS);
      this.socket.write(releasePdu(PduType.releaseRequest));
    }
    return this.#closed.promise;
  }

  /** A-ABORT by the service user, and closes. */
  abort(): void {
    this.#end(this.#error('cancelled', 'was given up'), AbortSource.user, AbortReason.none);
  }

  #connected(): void {
    this.#state = 'negotiating';
    this.arm(this.#options.idleTimeoutMs);
    this.socket.write(this.#negotiation.encodeRequest());
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
        this.messages.push(...this.#assembler.push(pdu.body));
        if (this.messages.length > MAX_WAITING_MESSAGES) this.socket.pause();
        this.#notify();
        return;
      case PduType.releaseRequest:
        // Also the collision of PS3.8 section 9.2.3 (Sta9): answered, and our own answer is waited for.
        if (this.promised === 0) this.socket.write(releasePdu(PduType.releaseResponse));
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
      this.negotiated = { ...answer.negotiated, implementation: implementationOf(pdu.body) };
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
    if (this.#state === 'releasing') return this.#finish();
    if (this.#state === 'connecting') return this.#finish(this.#error('peer-unreachable', 'does not answer'));
    const what = this.#state === 'negotiating' ? 'did not answer the association request' : 'made no progress';
    const seconds = Math.round((this.socket.timeout ?? 0) / 1000);
    this.#end(this.#error('association-idle', `${what} for ${seconds} s`), AbortSource.user, AbortReason.none);
  }

  #socketFailed(error: NodeJS.ErrnoException): void {
    const why = error.message || (error.code ?? '');
    if (this.#state === 'releasing') this.#finish();
    else if (this.#state === 'connecting') {
      const code = this.#tcp && this.#options.tls !== undefined ? 'peer-tls-failed' : 'peer-unreachable';
      this.#finish(this.#error(code, `cannot be reached: ${why}`, error));
    } else if (error.code?.startsWith('ERR_SSL')) {
      // TLS 1.3: a peer refuses our certificate only after the handshake is over for us.
      this.#finish(this.#error('peer-tls-failed', `refused the TLS connection: ${why}`, error));
    } else this.#finish(this.#error('association-closed', `broke the connection: ${why}`, error));
  }

  #socketClosed(): void {
    if (this.#state === 'releasing') this.#finish();
    else if (this.#state === 'connecting')
      this.#finish(this.#error('peer-unreachable', 'closed the connection at once'));
    else this.#finish(this.#error('association-closed', 'closed the connection before the answer'));
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
    if (this.#state !== 'connecting' && this.promised === 0) this.socket.write(abortPdu(source, reason));
    else this.socket.destroy();
    this.#finish(failure);
  }

  #finish(failure?: DimseError): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#failure = failure;
    this.#negotiation.close();
    this.socket.removeAllListeners('timeout');
    const goodbye = setTimeout(() => this.socket.destroy(), GOODBYE_MS);
    this.socket.once('close', () => clearTimeout(goodbye));
    this.socket.resume();
    this.socket.destroySoon(); // after what is still to be written, at most GOODBYE_MS later
    this.#closed.resolve();
    this.#notify();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
