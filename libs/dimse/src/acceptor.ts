import type { Socket } from 'node:net';
import { toError } from '@smartbox/kernel';
import { acceptPdu, readAssociateRequest, rejectPdu, type AssociateRequest, type Rejection } from './associate.ts';
import { CommandField, encodeCommand, type CommandSet } from './command-set.ts';
import { MessageAssembler, type DimseMessage } from './message-assembler.ts';
import {
  abortPdu,
  AbortReason,
  AbortSource,
  dataHeader,
  PduError,
  PduReader,
  PduType,
  releasePdu,
  type Pdu,
} from './pdu.ts';
import { acceptedSopClasses } from './services.ts';
import { ExplicitLittleEndian, ImplicitLittleEndian, StorageCommitmentPushModel, Verification } from './sop-classes.ts';

/** Bounds of what a stranger may cost us. */
export interface AcceptorLimits {
  /** Longest P-DATA-TF body that we announce and take. */
  maxPduBytes: number;
  /** ARTIM (PS3.8 section 9.1.5): from the connection to the whole A-ASSOCIATE-RQ, and for the goodbye. */
  artimMs: number;
  /** From one whole message to the next, however many bytes trickle meanwhile. */
  idleMs: number;
}

/** Who is calling; AE titles are claims, the address is not. */
export interface Caller {
  callingAeTitle: string;
  calledAeTitle: string;
  address: string;
}

export interface AcceptorServices {
  /** Undefined: welcome. */
  admit: (caller: Caller) => Promise<Rejection | undefined>;
  /** N-EVENT-REPORT of Storage Commitment; resolves with the status to answer (PS3.7 section 10.1.1.1.8). */
  onEventReport: (message: DimseMessage, transferSyntax: string, caller: Caller) => Promise<number>;
  /** Anything that ends an association before its release: for the log. */
  onTrouble: (what: string, caller: Caller | undefined) => void;
}

type State = 'awaiting-request' | 'established';
type Step = 'associate' | 'data' | 'release' | 'close';

/** PS3.8 table 9-10 as far as an acceptor that never releases by itself needs it. Whatever is not here: A-ABORT. */
const steps: Record<State, Readonly<Record<number, Step>>> = {
  'awaiting-request': { [PduType.associateRequest]: 'associate', [PduType.abort]: 'close' }, // Sta2
  established: { [PduType.data]: 'data', [PduType.releaseRequest]: 'release', [PduType.abort]: 'close' }, // Sta6
};

const SYNTAXES = [ExplicitLittleEndian, ImplicitLittleEndian];
const PROCESSING_FAILURE = 0x0110;
const UNRECOGNISED_OPERATION = 0x0211;
const SUCCESS = 0x0000;

/**
 * One association from its acceptor's side, hardened: every wait has an end, every length a cap, and nothing is
 * believed. It provides C-ECHO and takes the commitment reports of archives.
 */
export class Acceptor {
  readonly #socket: Socket;
  readonly #services: AcceptorServices;
  readonly #limits: AcceptorLimits;
  readonly #reader: PduReader;
  readonly #assembler = new MessageAssembler();
  readonly #contexts = new Map<number, { abstractSyntax: string; transferSyntax: string }>();
  #state: State = 'awaiting-request';
  #timer: NodeJS.Timeout | undefined;
  #caller: Caller | undefined;
  #peerMaxPdu = 0;

  constructor(socket: Socket, services: AcceptorServices, limits: AcceptorLimits) {
    this.#socket = socket;
    this.#services = services;
    this.#limits = limits;
    this.#reader = new PduReader(limits.maxPduBytes);
  }

  /** Runs until the connection is over; never throws. */
  async run(): Promise<void> {
    const socket = this.#socket;
    socket.on('error', () => undefined); // a reset is an end like any other
    this.#arm(this.#limits.artimMs, 'no A-ASSOCIATE-RQ in time');
    try {
      for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        for (const pdu of this.#reader.push(chunk)) if (!(await this.#take(pdu))) return;
      }
      if (this.#state === 'established') this.#trouble('closed the connection without a release');
    } catch (error) {
      if (socket.destroyed) return;
      const reason = error instanceof PduError ? error.abortReason : AbortReason.none;
      this.#trouble(toError(error).message);
      await this.#goodbye(abortPdu(AbortSource.provider, reason));
    } finally {
      clearTimeout(this.#timer);
      socket.destroy();
    }
  }

  /** @returns false when it is over. */
  async #take(pdu: Pdu): Promise<boolean> {
    switch (steps[this.#state][pdu.type]) {
      case 'associate':
        return this.#associate(readAssociateRequest(pdu.body));
      case 'data':
        for (const message of this.#assembler.push(pdu.body)) {
          clearTimeout(this.#timer); // from here it is our own time
          await this.#answer(message);
          this.#arm(this.#limits.idleMs, 'no message in time');
        }
        return true;
      case 'release':
        await this.#goodbye(releasePdu(PduType.releaseResponse));
        return false;
      case 'close':
        return false;
      default:
        throw new PduError(`PDU type ${pdu.type} while ${this.#state}`, AbortReason.unexpected);
    }
  }

  async #associate(request: AssociateRequest): Promise<boolean> {
    const { callingAeTitle, calledAeTitle } = request;
    this.#caller = { callingAeTitle, calledAeTitle, address: plainAddress(this.#socket.remoteAddress) };
    clearTimeout(this.#timer);
    const rejection = await this.#services.admit(this.#caller);
    if (rejection) {
      this.#trouble('was refused');
      await this.#goodbye(rejectPdu(rejection));
      return false;
    }
    const answers = request.contexts.map(({ id, abstractSyntax, transferSyntaxes }) => {
      const transferSyntax = SYNTAXES.find((syntax) => transferSyntaxes.includes(syntax));
      if (!acceptedSopClasses.has(abstractSyntax))
        return { id, result: 3 as const, transferSyntax: ImplicitLittleEndian };
      if (!transferSyntax) return { id, result: 4 as const, transferSyntax: ImplicitLittleEndian };
      this.#contexts.set(id, { abstractSyntax, transferSyntax });
      return { id, result: 0 as const, transferSyntax };
    });
    // Who reports is the SCP of the commitment, though it opens the association (PS3.4 section J.3.3).
    const roles = request.roles
      .filter(({ sopClassUid }) => acceptedSopClasses.has(sopClassUid))
      .map((one) => ({ ...one, ...(one.sopClassUid === Verification ? { scp: false } : { scu: false }) }));
    this.#peerMaxPdu = request.maxPdu;
    this.#state = 'established';
    this.#write(acceptPdu(request, answers, roles, this.#limits.maxPduBytes));
    this.#arm(this.#limits.idleMs, 'no message in time');
    return true;
  }

  async #answer(message: DimseMessage): Promise<void> {
    const context = this.#contexts.get(message.contextId);
    if (!context) throw new PduError(`presentation context ${message.contextId}`, AbortReason.invalidValue);
    const { command } = message;
    if ((command.commandField & 0x8000) !== 0 || command.messageId === undefined || !this.#caller) {
      throw new PduError('a response where a request is due', AbortReason.unexpected);
    }
    const respond = (status: number, more: Partial<CommandSet> = {}): void => {
      const sopClassUid = command.sopClassUid ?? context.abstractSyntax;
      const response = { ...more, sopClassUid, respondedTo: command.messageId as number, hasDataset: false, status };
      this.#send(message.contextId, { commandField: command.commandField | 0x8000, ...response });
    };
    const { commandField } = command;
    if (commandField === CommandField.cancelRequest) return;
    if (commandField === CommandField.echoRequest && context.abstractSyntax === Verification) return respond(SUCCESS);
    if (commandField !== CommandField.eventReportRequest || context.abstractSyntax !== StorageCommitmentPushModel) {
      return respond(UNRECOGNISED_OPERATION);
    }
    const { sopInstanceUid, eventTypeId } = command;
    const status = await this.#services
      .onEventReport(message, context.transferSyntax, this.#caller)
      .catch((error: unknown) => {
        this.#trouble(`its report could not be taken: ${toError(error).message}`);
        return PROCESSING_FAILURE;
      });
    respond(status, {
      ...(sopInstanceUid === undefined ? {} : { sopInstanceUid }),
      ...(eventTypeId === undefined ? {} : { eventTypeId }),
    });
  }

  #send(contextId: number, command: CommandSet): void {
    const bytes = encodeCommand(command);
    const room = (this.#peerMaxPdu === 0 ? 16_384 : Math.max(128, this.#peerMaxPdu)) - 6;
    for (let at = 0; at < bytes.length; at += room) {
      const part = bytes.subarray(at, at + room);
      this.#write(Buffer.concat([dataHeader(contextId, part.length, true, at + room >= bytes.length), part]));
    }
  }

  #write(bytes: Buffer): void {
    if (!this.#socket.destroyed) this.#socket.write(bytes);
  }

  #arm(ms: number, what: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#trouble(what);
      // Sta2 has nothing to abort (AA-2); later the peer is told.
      if (this.#state === 'established') this.#write(abortPdu(AbortSource.provider, AbortReason.none));
      this.#socket.destroySoon();
    }, ms);
  }

  /** A last word, then Sta13: the peer has until the ARTIM timer to close. */
  async #goodbye(bytes: Buffer): Promise<void> {
    const socket = this.#socket;
    if (socket.destroyed) return;
    clearTimeout(this.#timer);
    const artim = setTimeout(() => socket.destroy(), this.#limits.artimMs);
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
      socket.resume();
      socket.end(bytes);
    });
    clearTimeout(artim);
  }

  #trouble(what: string): void {
    this.#services.onTrouble(what, this.#caller);
  }
}

/** An IPv4 address is the same one when it arrives on an IPv6 socket. */
export const plainAddress = (address: string | undefined) => (address ?? '').replace(/^::ffff:/i, '');
