import { deterministicUid } from '@smartbox/kernel';
import { Association, type AssociationOptions } from './association.ts';
import { CommandField } from './command-set.ts';
import { Dataset, Tag, writeDataset, type ElementToWrite } from './dataset.ts';
import { DimseError } from './failures.ts';
import type { DimseMessage } from './message-assembler.ts';
import {
  ExplicitLittleEndian,
  ImplicitLittleEndian,
  StorageCommitmentInstance,
  StorageCommitmentPushModel,
} from './sop-classes.ts';

/** A SOP instance by its two names. */
export interface InstanceReference {
  sopClassUid: string;
  sopInstanceUid: string;
}

/** What an archive says of one transaction, PS3.4 section J.3.3. */
export interface CommitmentReport {
  transactionUid: string;
  committed: InstanceReference[];
  /** `reason`: Failure Reason (0008,1197), PS3.3 section C.14.1.1. */
  failed: (InstanceReference & { reason: number })[];
}

/** Event Type IDs, PS3.4 table J.3-2. */
const COMPLETE = 1;
const FAILURES_EXIST = 2;

/** Statuses of N-EVENT-REPORT that we answer with, PS3.7 section 10.1.1.1.8. */
export const EventStatus = {
  success: 0x0000,
  processingFailure: 0x0110,
  noSuchEventType: 0x0113,
  invalidArgument: 0x0115,
  noSuchClass: 0x0118,
  notAuthorised: 0x0124,
} as const;

/** A UID that no other request has: the same for the same parts. */
export const transactionUidOf = (...parts: readonly string[]) => deterministicUid('commitment', ...parts);

const UID = /^[0-9.]{1,64}$/;

function references(dataset: Dataset, tag: number): (InstanceReference & { reason: number })[] {
  return dataset.items(tag).map((item) => {
    const sopClassUid = item.text(Tag.ReferencedSOPClassUID) ?? '';
    const sopInstanceUid = item.text(Tag.ReferencedSOPInstanceUID) ?? '';
    if (!UID.test(sopInstanceUid)) throw new RangeError('a reference without a SOP Instance UID');
    return { sopClassUid, sopInstanceUid, reason: item.unsigned(Tag.FailureReason) ?? 0x0110 };
  });
}

/** Reads an N-EVENT-REPORT of Storage Commitment; a number is the status that refuses it. Never throws. */
export function readCommitmentReport(message: DimseMessage, transferSyntax: string): CommitmentReport | number {
  const { command, dataset } = message;
  if (command.sopClassUid !== undefined && command.sopClassUid !== StorageCommitmentPushModel) {
    return EventStatus.noSuchClass;
  }
  if (command.eventTypeId !== COMPLETE && command.eventTypeId !== FAILURES_EXIST) return EventStatus.noSuchEventType;
  try {
    const read = Dataset.read(dataset ?? Buffer.alloc(0), transferSyntax);
    const transactionUid = read.text(Tag.TransactionUID) ?? '';
    if (!UID.test(transactionUid)) return EventStatus.invalidArgument;
    const committed = references(read, Tag.ReferencedSOPSequence).map(({ reason: _none, ...reference }) => reference);
    return { transactionUid, committed, failed: references(read, Tag.FailedSOPSequence) };
  } catch {
    return EventStatus.invalidArgument;
  }
}

function requestDataset(transactionUid: string, instances: readonly InstanceReference[]): ElementToWrite[] {
  const items = instances.map(({ sopClassUid, sopInstanceUid }): ElementToWrite[] => [
    { tag: Tag.ReferencedSOPClassUID, vr: 'UI', value: sopClassUid },
    { tag: Tag.ReferencedSOPInstanceUID, vr: 'UI', value: sopInstanceUid },
  ]);
  return [
    { tag: Tag.TransactionUID, vr: 'UI', value: transactionUid },
    { tag: Tag.ReferencedSOPSequence, vr: 'SQ', value: items },
  ];
}

export interface CommitmentRequest {
  transactionUid: string;
  instances: readonly InstanceReference[];
  /** How long the association is kept for a report on it; an archive that opens its own needs none of it. */
  holdMs: number;
  /** A report on this association; resolves with the status to answer. */
  onReport: (report: CommitmentReport) => Promise<number>;
}

/**
 * N-ACTION of Storage Commitment Push Model (PS3.4 section J.3.2) on an association of its own. Resolves with the
 * status when the archive has answered and the association is over. @throws DimseError.
 */
export async function requestCommitment(
  options: Omit<AssociationOptions, 'contexts'>,
  { transactionUid, instances, holdMs, onReport }: CommitmentRequest,
): Promise<{ status: number }> {
  const transferSyntaxes = [ExplicitLittleEndian, ImplicitLittleEndian];
  const contexts = [{ abstractSyntax: StorageCommitmentPushModel, transferSyntaxes }];
  const association = await Association.open({ ...options, contexts });
  return association.during(options.signal, async () => {
    try {
      const context = association.context(StorageCommitmentPushModel);
      const messageId = association.nextMessageId();
      const dataset = writeDataset(requestDataset(transactionUid, instances), context.transferSyntax);
      await association.sendCommand(context.id, {
        commandField: CommandField.actionRequest,
        messageId,
        requestedClassUid: StorageCommitmentPushModel,
        requestedInstanceUid: StorageCommitmentInstance,
        actionTypeId: 1,
        hasDataset: true,
      });
      await association.sendData(context.id, dataset.length, [dataset]);
      let status: number | undefined;
      let reported = false;
      let holdUntil = Infinity;
      for (;;) {
        const left = holdUntil - performance.now();
        const message = status === undefined ? await association.receive() : await within(association, left);
        if (!message) break;
        const { command } = message;
        if (command.commandField === CommandField.actionResponse && command.respondedTo === messageId) {
          status = command.status ?? EventStatus.processingFailure;
          holdUntil = performance.now() + (status === 0 ? holdMs : 0);
        } else if (command.commandField === CommandField.eventReportRequest) {
          reported = (await answerReport(association, message, context.transferSyntax, onReport)) === transactionUid;
        } else {
          throw new DimseError(
            'peer-protocol-error',
            'transfer',
            `${association.peer} answered an N-ACTION with something else`,
          );
        }
        if (status !== undefined && reported) break;
      }
      await association.release();
      return { status: status ?? EventStatus.processingFailure };
    } finally {
      association.abort(); // does nothing once it is released
    }
  });
}

/** The next message; undefined when none comes in time, or when the peer ends the association meanwhile. */
async function within(association: Association, ms: number): Promise<DimseMessage | undefined> {
  if (ms <= 0) return undefined;
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), ms);
  const next = association.receive(ms).catch(() => undefined);
  return Promise.race([next, late.promise]).finally(() => clearTimeout(timer));
}

async function answerReport(
  association: Association,
  message: DimseMessage,
  transferSyntax: string,
  onReport: (report: CommitmentReport) => Promise<number>,
): Promise<string | undefined> {
  const report = readCommitmentReport(message, transferSyntax);
  const status = typeof report === 'number' ? report : await onReport(report);
  const { messageId, sopClassUid, sopInstanceUid, eventTypeId } = message.command;
  await association.sendCommand(message.contextId, {
    commandField: CommandField.eventReportResponse,
    respondedTo: messageId ?? 0,
    sopClassUid: sopClassUid ?? StorageCommitmentPushModel,
    ...(sopInstanceUid === undefined ? {} : { sopInstanceUid }),
    ...(eventTypeId === undefined ? {} : { eventTypeId }),
    status,
    hasDataset: false,
  });
  return typeof report === 'number' ? undefined : report.transactionUid;
}
