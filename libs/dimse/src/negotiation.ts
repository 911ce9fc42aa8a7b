import { EventEmitter } from 'node:events';
import dimse from 'dcmjs-dimse';
import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from '@smartbox/dicom';
import { toError } from '@smartbox/kernel';

const { association, constants, log, Scp } = dimse;
log.setLevel('silent'); // it would print to the console

/** One SOP class in one transfer syntax: proposed alone, so that the answer is about exactly this pair. */
export interface ProposedContext {
  abstractSyntax: string;
  /** More than one where any will do (C-ECHO, C-FIND). */
  transferSyntaxes: readonly string[];
}

/** The peer's answer to one proposed context. */
export interface NegotiatedContext extends ProposedContext {
  id: number;
  /** PS3.8 table 9-18: 0 accepted, 1 user rejection, 2 no reason, 3 abstract syntax, 4 transfer syntaxes. */
  result: number;
  /** The chosen one, when accepted. */
  transferSyntax?: string;
}

export interface Negotiated {
  contexts: readonly NegotiatedContext[];
  /** Longest P-DATA-TF body that the peer takes; 0 means no limit (PS3.8 D.1). */
  peerMaxPdu: number;
  /** As the peer names itself (PS3.7 section D.3.3.2). */
  implementation?: { implementationClassUid?: string; implementationVersion?: string };
}

export type NegotiationAnswer =
  { kind: 'accepted'; negotiated: Negotiated } | { kind: 'rejected'; result: number; source: number; reason: number };

export interface AssociationRequest {
  callingAeTitle: string;
  calledAeTitle: string;
  /** Longest P-DATA-TF body that we take. */
  maxPduBytes: number;
  contexts: readonly ProposedContext[];
}

/** What of dcmjs-dimse's Network we use; the package exports it as the parent class of Scp only. */
interface Network {
  sendAssociationRequest(association: unknown): void;
  on(event: string, listener: (value: never) => void): void;
}
const NetworkClass = Object.getPrototypeOf(Scp) as new (socket: EventEmitter) => Network;

/** Takes the place of a socket: keeps what the library writes, and gives it what the peer sent. */
class Wire extends EventEmitter {
  readonly written: Buffer[] = [];
  setTimeout(): this {
    return this;
  }
  write(bytes: Buffer): boolean {
    this.written.push(bytes);
    return true;
  }
}

/**
 * Negotiation by dcmjs-dimse: its A-ASSOCIATE encoder and decoder on a wire of our own. It never sees the socket:
 * its time-out counts from the last PDU received, its reader takes any length, and an abort raises nothing.
 */
export class Negotiation {
  readonly #wire = new Wire();
  readonly #network: Network;
  readonly #association: InstanceType<typeof association.Association>;
  readonly #proposed: readonly (ProposedContext & { id: number })[];
  readonly #request: AssociationRequest;

  constructor(request: AssociationRequest) {
    this.#request = request;
    this.#network = new NetworkClass(this.#wire);
    this.#association = new association.Association(request.callingAeTitle, request.calledAeTitle);
    this.#association.setMaxPduLength(request.maxPduBytes);
    this.#association.setImplementationClassUid(IMPLEMENTATION_CLASS_UID);
    this.#association.setImplementationVersion(IMPLEMENTATION_VERSION_NAME);
    this.#proposed = request.contexts.map((context) => {
      const id = this.#association.addPresentationContext(context.abstractSyntax);
      for (const uid of context.transferSyntaxes) this.#association.addTransferSyntaxToPresentationContext(id, uid);
      return { ...context, id };
    });
  }

  /** The A-ASSOCIATE-RQ, PS3.8 section 9.3.2. */
  encodeRequest(): Buffer {
    this.#network.sendAssociationRequest(this.#association);
    const pdu = this.#wire.written.pop();
    if (!pdu) throw new Error(`no A-ASSOCIATE-RQ for ${this.#request.calledAeTitle}`);
    // An answer without a maximum length item leaves the field as it is: 0 then stands for "no limit".
    this.#association.setMaxPduLength(0);
    return pdu;
  }

  /** Reads one whole A-ASSOCIATE-AC or -RJ. @throws Error when it is malformed. */
  async decodeAnswer(pdu: Buffer): Promise<NegotiationAnswer> {
    return new Promise((resolve, reject) => {
      this.#network.on('associationAccepted', () => {
        try {
          resolve({ kind: 'accepted', negotiated: this.#negotiated() });
        } catch (error) {
          reject(toError(error));
        }
      });
      this.#network.on('associationRejected', (answer: { result: number; source: number; reason: number }) =>
        resolve({ kind: 'rejected', result: answer.result, source: answer.source, reason: answer.reason }),
      );
      this.#network.on('networkError', (error: unknown) => reject(toError(error)));
      this.#wire.emit('data', pdu);
    });
  }

  /** Ends the library's interval timer. */
  close(): void {
    this.#wire.emit('close');
  }

  #negotiated(): Negotiated {
    const answers = this.#proposed.map(({ id }) => this.#association.getPresentationContext(id));
    const isAnswered = (context: (typeof answers)[number]) =>
      context.getResult() !== constants.PresentationContextResult.Proposed;
    // PS3.8 9.3.3.2 wants an answer to each; some peers leave out what they refuse. None at all is no answer.
    if (!answers.some(isAnswered)) throw new Error('it answers none of the presentation contexts');
    const contexts = this.#proposed.map((proposed): NegotiatedContext => {
      const context = this.#association.getPresentationContext(proposed.id);
      const result = isAnswered(context) ? context.getResult() : 2;
      const transferSyntax = context.getAcceptedTransferSyntaxUid()?.replace(/[\0 ]+$/, '');
      return { ...proposed, result, ...(result === 0 && transferSyntax ? { transferSyntax } : {}) };
    });
    return { contexts, peerMaxPdu: this.#association.getMaxPduLength() };
  }
}
