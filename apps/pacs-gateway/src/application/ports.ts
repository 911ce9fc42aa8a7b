import type { CommandData, EventData, InstanceCreated, RpcReply, RpcRequest } from '@smartbox/contracts';
import type { CommitmentReport, InstanceReference } from '@smartbox/dimse';
import type { OpenCommitment, Transaction } from '../domain/commitment.ts';
import type { DeliveryRecord } from '../domain/delivery.ts';

/** The data set of one object in the object store, ready to be sent. */
export interface ObjectContent {
  /** Preamble, prefix and File Meta Information: with the data set the whole Part 10 object. */
  head: Uint8Array;
  /** Bytes after the File Meta Information. */
  size: number;
  /** Once. Ends with an error, before its last byte, when the bytes are not those that were stored. */
  read: () => AsyncIterable<Uint8Array>;
  /** The same object anew, for a peer that wants it twice. */
  again: () => Promise<ObjectContent>;
}

/** What an archive said to an object. */
export interface StoreAnswer {
  /** C-STORE status, PS3.4 B.2.3. */
  status: number;
  /** Stored all the same. */
  warning?: string;
  /** It was asked for the instance afterwards and has it; or its report of the import lists it. */
  verified?: 'qido' | 'import-report';
}

export interface Objects {
  /** @throws SmartBoxError `object-not-found`, `object-corrupt`, `storage-unavailable`, ... */
  open(instance: InstanceCreated, signal: AbortSignal): Promise<ObjectContent>;
}

/** One DICOM destination. */
export interface Archive {
  /**
   * Sends one object and resolves with the peer's status, whatever it is. `accepted` is called when the peer takes this
   * kind of object and before its first byte is sent. Anything else is an error whose code says what happened.
   */
  store(instance: InstanceCreated, accepted: () => Promise<ObjectContent>, signal: AbortSignal): Promise<StoreAnswer>;
  /**
   * Which of these transfer syntaxes it takes objects of this SOP class in, by asking it (PS3.8 7.1.1.13). Absent where
   * nothing is negotiated: then its configuration says all there is.
   */
  accepts?:
    | ((sopClassUid: string, transferSyntaxUids: readonly string[], signal: AbortSignal) => Promise<string[]>)
    | undefined;
  /** C-ECHO on an association of its own; the round trip in ms. */
  echo(): Promise<number>;
  /** Ends what lies idle, in good order. */
  close(): Promise<void>;
}

/** Asks one destination to commit to what it stored. */
export interface Committer {
  /** Resolves with the status of the N-ACTION response. Reports on the same association come to `onReport`. */
  ask(
    transactionUid: string,
    instances: readonly InstanceReference[],
    onReport: (report: CommitmentReport) => Promise<number>,
    signal: AbortSignal,
  ): Promise<{ status: number }>;
}

export interface OpenEntry {
  entry: OpenCommitment;
  revision: number;
}

/** What waits for commitments, shared by all replicas. */
export interface CommitmentStore {
  /** Everything open, as last heard. */
  list(): readonly OpenEntry[];
  get(deliveryId: string): Promise<OpenCommitment | undefined>;
  /** Nothing happens where it is open already. */
  open(entry: OpenCommitment): Promise<void>;
  /** Over this revision, or whichever is there; false where somebody was faster or it is closed. */
  replace(entry: OpenCommitment, revision?: number): Promise<boolean>;
  close(deliveryId: string): Promise<void>;
  addTransaction(transaction: Transaction): Promise<void>;
  transaction(transactionUid: string): Promise<Transaction | undefined>;
}

/** What is asked of an archive after it stored something. */
export interface Commitments {
  wanted(destination: string): boolean;
  open(record: DeliveryRecord): Promise<void>;
}

export interface Worklist {
  find(query: RpcRequest<'pacs-gateway.find-worklist'>): Promise<RpcReply<'pacs-gateway.find-worklist'>>;
}

export interface Records {
  get(deliveryId: string): Promise<DeliveryRecord | undefined>;
  put(record: DeliveryRecord): Promise<void>;
  /** The version that a procedure was corrected to, or how often a clip was moved to another; 0 where never. */
  correctedTo(procedureOrClipId: string): Promise<number>;
  corrected(procedureOrClipId: string, version: number): Promise<void>;
  /** Deliveries a person asked for again, whose message is long acknowledged: they survive a restart here. */
  resends(): Promise<string[]>;
  /** `owner` works on it for the next `ms`; false where another one does, or nobody asks for it any more. */
  claimResend(deliveryId: string, owner: string, ms: number): Promise<boolean>;
  addResend(deliveryId: string): Promise<void>;
  removeResend(deliveryId: string): Promise<void>;
}

/** Events with ids made from the work. Each resolves when the event is durable. */
export interface Announcements {
  started(event: EventData<'pacs-gateway.delivery.started'>): Promise<void>;
  /** `id` tells one deferral from the next. */
  deferred(event: EventData<'pacs-gateway.delivery.deferred'>, id: string): Promise<void>;
  failed(event: EventData<'pacs-gateway.delivery.failed'>): Promise<void>;
  stored(event: EventData<'pacs-gateway.instance.stored'>): Promise<void>;
  committed(event: EventData<'pacs-gateway.instance.committed'>): Promise<void>;
  commitmentFailed(event: EventData<'pacs-gateway.instance.commitment-failed'>): Promise<void>;
  commitmentWaived(event: EventData<'pacs-gateway.instance.commitment-waived'>): Promise<void>;
  /** `id` tells one time from the next that it was asked for again. */
  replaced(event: EventData<'pacs-gateway.delivery.replaced'>, id: string): Promise<void>;
  /** Asks the transcoder; durable, and once per `id`. */
  ask(rendition: CommandData<'transcoder.make-rendition'>, id: string): Promise<void>;
}
