import { encodeCommand, type CommandSet } from './command-set.ts';
import { contextRefusal, DimseError } from './failures.ts';
import type { DimseMessage } from './message-assembler.ts';
import type { Negotiated, NegotiatedContext } from './negotiation.ts';
import { dataHeader, PDV_HEADER_BYTES } from './pdu.ts';
import { UpperLayer, type AssociationOptions } from './upper-layer.ts';

export type { AssociationOptions } from './upper-layer.ts';

/**
 * One association as a service class user needs it. Negotiation is dcmjs-dimse's; data is written straight from its
 * source with the socket's back-pressure, one PDU header at a time, so that its size does not matter.
 */
export class Association {
  readonly #options: AssociationOptions;
  readonly #layer: UpperLayer;
  #messageId = 0;

  private constructor(options: AssociationOptions) {
    this.#options = options;
    this.#layer = new UpperLayer(options);
  }

  /** Connects and negotiates. @throws DimseError `peer-unreachable`, `peer-tls-failed`, `association-rejected`, ... */
  static async open(options: AssociationOptions): Promise<Association> {
    const association = new Association(options);
    await association.during(options.signal, () => association.#layer.until(() => association.established));
    return association;
  }

  /** Who is at the other end, for messages: `PACS at 10.0.0.1:104`. */
  get peer(): string {
    return this.#layer.peer;
  }

  get established(): boolean {
    return this.#layer.established;
  }

  /** Resolves when it is over, for whatever reason. */
  get ended(): Promise<void> {
    return this.#layer.ended;
  }

  /** What the peer said of itself; undefined before it is established. */
  get negotiated(): Negotiated | undefined {
    return this.#layer.negotiated;
  }

  /** Every proposed context with the peer's answer. */
  get contexts(): readonly NegotiatedContext[] {
    return this.#layer.negotiated?.contexts ?? [];
  }

  /** Longest P-DATA-TF body we write: the peer's limit, bounded by our own. */
  get sendPduBytes(): number {
    const peer = this.#layer.negotiated?.peerMaxPdu ?? 0;
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
      this.#layer.arm(0);
      for await (const chunk of chunks) {
        if (chunk.byteLength > left) throw new RangeError(`the source gives more than the ${size} bytes it promised`);
        left -= chunk.byteLength;
        if (!this.#writeFragments(contextId, chunk, left, perPdu, command)) {
          this.#layer.arm(this.#options.idleTimeoutMs);
          await this.#layer.until(() => !this.#layer.socket.writableNeedDrain || this.#layer.messages.length > 0);
          this.#layer.arm(0);
        }
        this.#layer.throwIfOver();
        if (this.#layer.messages.length > 0 && left > 0) return false;
      }
      if (left > 0) throw new RangeError(`the source ends ${left} bytes before the ${size} bytes it promised`);
    } catch (error) {
      // A data set that is not whole must never look finished: the peer gets an abort, or an end inside a PDU.
      if (!(error instanceof DimseError)) this.abort();
      throw error;
    } finally {
      if (this.established) this.#layer.arm(this.#options.idleTimeoutMs);
    }
    return true;
  }

  /** Waits for the next message; `extraMs` is added to the idle time. @throws DimseError when none comes any more. */
  async receive(extraMs = 0): Promise<DimseMessage> {
    this.#layer.arm(this.#options.idleTimeoutMs + extraMs);
    await this.#layer.until(() => this.#layer.messages.length > 0);
    const message = this.#layer.messages.shift();
    if (!message) throw new Error('a message was there');
    if (this.#layer.socket.isPaused()) this.#layer.socket.resume();
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

  /** Between two objects: no time-out runs. */
  rest(): void {
    this.#layer.arm(0);
  }

  /** A-RELEASE, then closes; a peer that does not answer is left after three seconds. Never throws. */
  release(): Promise<void> {
    return this.#layer.release();
  }

  /** A-ABORT by the service user, and closes; nothing when it is over. */
  abort(): void {
    this.#layer.abort();
  }

  #writeFragments(contextId: number, chunk: Uint8Array, left: number, perPdu: number, command: boolean): boolean {
    let at = 0;
    let flowing = true;
    this.#layer.socket.cork();
    while (at < chunk.byteLength && this.established) {
      if (this.#layer.promised === 0) {
        const remaining = chunk.byteLength - at + left;
        this.#layer.promised = Math.min(perPdu, remaining);
        this.#layer.socket.write(
          dataHeader(contextId, this.#layer.promised, command, this.#layer.promised === remaining),
        );
      }
      const take = Math.min(this.#layer.promised, chunk.byteLength - at);
      flowing = this.#layer.socket.write(chunk.subarray(at, at + take));
      this.#layer.promised -= take;
      at += take;
    }
    this.#layer.socket.uncork();
    return flowing;
  }
}
