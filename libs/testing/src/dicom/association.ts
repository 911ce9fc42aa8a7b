import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { CommandField, readCommand, responseTo, type Command, type NormalizedAnswer } from './command.ts';
import {
  abort,
  associateAccept,
  associateReject,
  ProtocolError,
  PduType,
  readAssociateRequest,
  readData,
  releaseResponse,
  writeData,
  type AnsweredContext,
  type AssociateRequest,
  type Fragment,
  type Rejection,
} from './pdu.ts';
import { readPdus, type Pdu } from './pdu-reader.ts';

/** How to be a bad peer, for the faults 21 to 25 of promises.md. Empty: a good one. */
export interface Rudeness {
  /** Answer the association with A-ASSOCIATE-RJ. */
  reject?: Rejection;
  /** Transfer syntaxes that are not taken, or `all`. */
  refuseTransferSyntaxes?: readonly string[] | 'all';
  /** A-ABORT after that many bytes of an object. */
  abortAfterBytes?: number;
  /** Cut the connection without a word after that many bytes of an object. */
  resetAfterBytes?: number;
  /** Stop reading, or never answer. */
  stall?: 'association' | 'data' | 'response';
  /** The status of every C-STORE response, A700 and so on (PS3.4 table B.2-1); nothing is stored when it fails. */
  storeStatus?: number;
  /** The status of every worklist match: FF00, or FF01 for "optional keys not supported". */
  pendingStatus?: number;
  /** Read objects no faster than that. */
  bytesPerSecond?: number;
}

/** Takes the bytes of one object as they come. */
export interface Sink {
  write: (bytes: Buffer) => Promise<void>;
  /** The object is whole; resolves with the status to answer. */
  commit: () => Promise<number>;
  /** The object will not be finished. */
  discard: () => Promise<void>;
}

export interface FindAnswer {
  status: number;
  dataSet?: Buffer;
}

export interface AssociationHandlers {
  /** Which transfer syntax to take for a context; undefined refuses it. */
  choose: (abstractSyntax: string, offered: readonly string[]) => string | undefined;
  store: (command: Command, context: { transferSyntax: string; callingAe: string }) => Promise<Sink>;
  find: (command: Command, identifier: Buffer, transferSyntax: string) => Iterable<FindAnswer>;
  /** N-ACTION, N-CREATE, N-SET: the status, and a report to follow on the same association. */
  normalized?: (command: Command, dataSet: Buffer, transferSyntax: string) => NormalizedAnswer;
}

export interface AssociationLimits {
  /** Largest PDU we announce and take, bytes. */
  maxPdu: number;
  /** Largest command set or C-FIND identifier, bytes. */
  maxMessage: number;
  /** The ARTIM timer (PS3.8 9.1.5), ms. */
  artimMs: number;
  /** Longest silence inside an association, ms. */
  idleMs: number;
}

interface Pending {
  command: Command;
  contextId: number;
  sink: Sink | undefined;
  parts: Buffer[];
  received: number;
}

/** One association, from the acceptor's side (the state machine of PS3.8 9.2 for an acceptor). */
export class Association {
  readonly #socket: Socket;
  readonly #handlers: AssociationHandlers;
  readonly #limits: AssociationLimits;
  readonly #rudeness: Rudeness;
  readonly #contexts = new Map<number, string>();
  #request: AssociateRequest | undefined;
  #commandParts: Buffer[] = [];
  #pending: Pending | undefined;

  constructor(socket: Socket, handlers: AssociationHandlers, limits: AssociationLimits, rudeness: Rudeness) {
    this.#socket = socket;
    this.#handlers = handlers;
    this.#limits = limits;
    this.#rudeness = rudeness;
  }

  /** Runs until the connection is over; never throws. */
  async run(): Promise<void> {
    const socket = this.#socket;
    socket.on('error', () => undefined); // a reset is an end like any other
    // Sta2: the ARTIM timer runs until the request is there. An idle socket would otherwise stay for ever.
    const artim = setTimeout(() => socket.destroy(), this.#limits.artimMs);
    socket.setTimeout(this.#limits.idleMs, () => void this.#end(abort(2, 0)));
    try {
      for await (const pdu of readPdus(socket, this.#limits.maxPdu)) {
        if (this.#request) clearTimeout(artim);
        if (!(await this.#take(pdu))) break;
        if (this.#request) clearTimeout(artim);
      }
    } catch (error) {
      if (error instanceof ProtocolError) await this.#end(abort(2, error.reason));
    } finally {
      clearTimeout(artim);
      await this.#pending?.sink?.discard();
      socket.destroy();
    }
  }

  /** @returns false when the association is over. */
  async #take(pdu: Pdu): Promise<boolean> {
    if (this.#request === undefined) {
      if (pdu.type === PduType.associateRq) return this.#associate(pdu.body);
      throw new ProtocolError(`PDU ${pdu.type} before an association`, pdu.type <= PduType.abort ? 2 : 1);
    }
    switch (pdu.type) {
      case PduType.data:
        for (const fragment of readData(pdu.body)) if (!(await this.#fragment(fragment))) return false;
        return true;
      case PduType.releaseRq:
        await this.#end(releaseResponse());
        return false;
      case PduType.abort:
        return false;
      default:
        throw new ProtocolError(`PDU ${pdu.type} inside an association`, pdu.type <= PduType.abort ? 2 : 1);
    }
  }

  async #associate(body: Buffer): Promise<boolean> {
    const request = readAssociateRequest(body);
    if (this.#rudeness.stall === 'association') await this.#hang();
    if (this.#rudeness.reject) {
      await this.#end(associateReject(this.#rudeness.reject));
      return false;
    }
    const refused = this.#rudeness.refuseTransferSyntaxes ?? [];
    const answers = request.contexts.map(({ id, abstractSyntax, transferSyntaxes }): AnsweredContext => {
      const offered = refused === 'all' ? [] : transferSyntaxes.filter((syntax) => !refused.includes(syntax));
      const chosen = this.#handlers.choose(abstractSyntax, offered);
      if (chosen !== undefined) this.#contexts.set(id, chosen);
      return { id, result: chosen === undefined ? 4 : 0, transferSyntax: chosen ?? transferSyntaxes[0] ?? '' };
    });
    this.#request = request;
    await this.#send(associateAccept(request, answers, this.#limits.maxPdu));
    return true;
  }

  async #fragment(fragment: Fragment): Promise<boolean> {
    const transferSyntax = this.#contexts.get(fragment.contextId);
    if (transferSyntax === undefined) throw new ProtocolError(`context ${fragment.contextId} was not accepted`, 6);
    if (fragment.isCommand) {
      if (this.#pending) throw new ProtocolError('a command inside a data set', 2);
      this.#collect(this.#commandParts, fragment.bytes);
      if (fragment.isLast) await this.#begin(fragment.contextId, transferSyntax);
      return true;
    }
    const pending = this.#pending;
    if (pending?.contextId !== fragment.contextId) throw new ProtocolError('a data set without a command', 2);
    pending.received += fragment.bytes.length;
    if (pending.sink) await pending.sink.write(fragment.bytes);
    else this.#collect(pending.parts, fragment.bytes);
    if (await this.#misbehave(pending, fragment.bytes.length)) return false;
    if (fragment.isLast) await this.#finish(pending, transferSyntax);
    return true;
  }

  #collect(parts: Buffer[], bytes: Buffer): void {
    const sum = parts.reduce((total, part) => total + part.length, bytes.length);
    if (sum > this.#limits.maxMessage) throw new ProtocolError(`a message of more than ${sum} bytes`, 6);
    parts.push(Buffer.from(bytes));
  }

  async #begin(contextId: number, transferSyntax: string): Promise<void> {
    const command = readCommand(Buffer.concat(this.#commandParts));
    this.#commandParts = [];
    switch (command.field) {
      case CommandField.echoRequest:
        return this.#respond(contextId, responseTo(command, 0x0000));
      case CommandField.cancelRequest: // every answer has been sent already
        return undefined;
      case CommandField.storeRequest: {
        const sink = await this.#handlers.store(command, { transferSyntax, callingAe: this.#request?.callingAe ?? '' });
        this.#pending = { command, contextId, sink, parts: [], received: 0 };
        return undefined;
      }
      case CommandField.findRequest:
        this.#pending = { command, contextId, sink: undefined, parts: [], received: 0 };
        return undefined;
      case CommandField.actionRequest:
      case CommandField.createRequest:
      case CommandField.setRequest:
        this.#pending = { command, contextId, sink: undefined, parts: [], received: 0 };
        return undefined;
      default: // "unrecognized operation", PS3.7 annex C.5.23
        if ((command.field & CommandField.response) !== 0) return undefined;
        if (command.hasDataSet) throw new ProtocolError(`command ${command.field} with a data set`, 6);
        return this.#respond(contextId, responseTo(command, 0x0211));
    }
  }

  async #finish(pending: Pending, transferSyntax: string): Promise<void> {
    this.#pending = undefined;
    if (this.#rudeness.stall === 'response') await this.#hang();
    if (pending.sink) {
      const status = await this.#storeStatus(pending.sink);
      return this.#respond(pending.contextId, responseTo(pending.command, status));
    }
    if (pending.command.field !== CommandField.findRequest) return this.#normalized(pending, transferSyntax);
    for (const answer of this.#handlers.find(pending.command, Buffer.concat(pending.parts), transferSyntax)) {
      const response = responseTo(pending.command, answer.status, answer.dataSet !== undefined);
      await this.#respond(pending.contextId, response, answer.dataSet);
    }
  }

  async #normalized({ command, contextId, parts }: Pending, transferSyntax: string): Promise<void> {
    const answer = this.#handlers.normalized?.(command, Buffer.concat(parts), transferSyntax) ?? { status: 0x0211 };
    await this.#respond(contextId, responseTo(command, answer.status, false, answer.errorId));
    if (answer.report) await this.#respond(contextId, answer.report.command, answer.report.dataSet);
  }

  async #storeStatus(sink: Sink): Promise<number> {
    const wanted = this.#rudeness.storeStatus;
    const isFailure = wanted !== undefined && wanted !== 0 && wanted >> 12 !== 0xb; // Bxxx is a warning: stored
    if (isFailure) {
      await sink.discard();
      return wanted;
    }
    const status = await sink.commit();
    return wanted ?? status;
  }

  /** @returns true when the connection is over. */
  async #misbehave(pending: Pending, size: number): Promise<boolean> {
    const { abortAfterBytes, resetAfterBytes, stall, bytesPerSecond } = this.#rudeness;
    if (stall === 'data') await this.#hang();
    if (abortAfterBytes !== undefined && pending.received >= abortAfterBytes) {
      await this.#end(abort(0, 0));
      return true;
    }
    if (resetAfterBytes !== undefined && pending.received >= resetAfterBytes) {
      this.#socket.resetAndDestroy();
      return true;
    }
    if (bytesPerSecond !== undefined) await delay((size / bytesPerSecond) * 1000);
    return false;
  }

  /** Says nothing until the other side gives up. */
  async #hang(): Promise<void> {
    this.#socket.setTimeout(0);
    this.#socket.resume(); // so that the other side's end is seen
    await new Promise<void>((resolve) => this.#socket.once('close', () => resolve()));
  }

  async #respond(contextId: number, command: Buffer, dataSet?: Buffer): Promise<void> {
    const limit = this.#request?.maxLength ?? 0;
    for (const pdu of writeData(contextId, true, command, limit)) await this.#send(pdu);
    if (dataSet) for (const pdu of writeData(contextId, false, dataSet, limit)) await this.#send(pdu);
  }

  async #send(bytes: Buffer): Promise<void> {
    if (this.#socket.destroyed || this.#socket.write(bytes)) return;
    await new Promise<void>((resolve) => {
      this.#socket.once('drain', resolve);
      this.#socket.once('close', () => resolve());
    });
  }

  /** A last word, then Sta13: the other side has until the ARTIM timer to close. */
  async #end(bytes: Buffer): Promise<void> {
    const socket = this.#socket;
    if (socket.destroyed) return;
    const artim = setTimeout(() => socket.destroy(), this.#limits.artimMs);
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
      socket.resume();
      socket.end(bytes);
    });
    clearTimeout(artim);
  }
}
