import type { Association } from './association.ts';
import { CommandField } from './command-set.ts';
import { DimseError } from './failures.ts';

/** One SOP instance: its identity, and its data set as it lies after the File Meta Information (PS3.10 section 7.1). */
export interface StoreObject {
  sopClassUid: string;
  sopInstanceUid: string;
  transferSyntaxUid: string;
  /** Bytes of the data set. */
  size: number;
  /** The data set's bytes, unchanged, once. Anything it throws ends the association before the object looks whole. */
  read: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

export interface StoreResponse {
  /** PS3.4 section B.2.3; 0x0000 is success. */
  status: number;
  /** Error Comment (0000,0902). */
  comment?: string;
}

/** An archive may write to disk before it answers: it gets the time that a slow disk needs, beside the idle time. */
const SLOW_DISK_BYTES_PER_MS = 50_000;

/**
 * C-STORE, PS3.7 section 9.1.1. Resolves with the peer's status, whatever it is; an association that ends before the
 * status is a DimseError. The association is established; it may be used for the next object after a status.
 */
export async function store(association: Association, object: StoreObject): Promise<StoreResponse> {
  const context = association.context(object.sopClassUid, object.transferSyntaxUid);
  const messageId = association.nextMessageId();
  await association.sendCommand(context.id, {
    commandField: CommandField.storeRequest,
    messageId,
    sopClassUid: object.sopClassUid,
    sopInstanceUid: object.sopInstanceUid,
    priority: 0,
    hasDataset: true,
  });
  const whole = await association.sendData(context.id, object.size, object.read());
  const { command } = await association.receive(object.size / SLOW_DISK_BYTES_PER_MS);
  if (!whole) association.abort(); // it answered before it had everything: only a refusal can be meant
  if (
    command.commandField !== CommandField.storeResponse ||
    command.respondedTo !== messageId ||
    command.status === undefined
  ) {
    association.abort();
    throw new DimseError(
      'peer-protocol-error',
      'transfer',
      `${association.peer} answered a C-STORE with something else`,
    );
  }
  if (!whole && command.status === 0) {
    throw new DimseError(
      'peer-protocol-error',
      'transfer',
      `${association.peer} called an object stored before it had it`,
    );
  }
  return { status: command.status, ...(command.errorComment ? { comment: command.errorComment } : {}) };
}
