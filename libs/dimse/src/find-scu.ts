import type { Association } from './association.ts';
import { CommandField } from './command-set.ts';
import { DimseError } from './failures.ts';

export interface FindResult {
  /** Identifiers as they came, in the context's transfer syntax. */
  identifiers: Buffer[];
  transferSyntax: string;
  /** There was more than `limit`: the query was cancelled. */
  truncated: boolean;
}

const isPending = (status: number) => status === 0xff00 || status === 0xff01;
const CANCELLED = 0xfe00;

/**
 * C-FIND, PS3.7 section 9.1.2: takes answers until the final status. Both pending statuses go on (PS3.4 K.4.1.1.4).
 * After `limit` identifiers it sends C-CANCEL and waits for the end. @throws DimseError, also on a failure status.
 */
export async function find(
  association: Association,
  sopClassUid: string,
  encode: (transferSyntax: string) => Buffer,
  limit: number,
): Promise<FindResult> {
  const context = association.context(sopClassUid);
  const messageId = association.nextMessageId();
  const identifier = encode(context.transferSyntax);
  const request = { commandField: CommandField.findRequest, messageId, sopClassUid, priority: 0, hasDataset: true };
  await association.sendCommand(context.id, request);
  await association.sendData(context.id, identifier.length, [identifier]);
  const identifiers: Buffer[] = [];
  let truncated = false;
  for (;;) {
    const { command, dataset } = await association.receive();
    const { status } = command;
    if (
      command.commandField !== CommandField.findResponse ||
      command.respondedTo !== messageId ||
      status === undefined
    ) {
      throw new DimseError(
        'peer-protocol-error',
        'transfer',
        `${association.peer} answered a C-FIND with something else`,
      );
    }
    if (isPending(status)) {
      if (identifiers.length < limit) {
        if (dataset) identifiers.push(dataset);
      } else if (!truncated) {
        truncated = true;
        await association.sendCommand(context.id, {
          commandField: CommandField.cancelRequest,
          respondedTo: messageId,
          hasDataset: false,
        });
      }
    } else if (status === 0 || (status === CANCELLED && truncated)) {
      return { identifiers, transferSyntax: context.transferSyntax, truncated };
    } else {
      // PS3.4 table K.4-1; the comment may quote the query, which may be patient data.
      throw new DimseError(
        'query-failed',
        'transfer',
        `${association.peer} answered the query with status ${status.toString(16).toUpperCase().padStart(4, '0')}`,
        { status },
      );
    }
  }
}
