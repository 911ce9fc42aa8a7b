import { Association, type AssociationOptions } from './association.ts';
import { CommandField } from './command-set.ts';
import { DimseError } from './failures.ts';
import { ImplicitLittleEndian, Verification } from './sop-classes.ts';

/** C-ECHO, PS3.7 section 9.1.5, on an association of its own. Resolves with the round trip in ms. @throws DimseError. */
export async function echo(options: Omit<AssociationOptions, 'contexts'>): Promise<number> {
  const association = await Association.open({
    ...options,
    contexts: [{ abstractSyntax: Verification, transferSyntaxes: [ImplicitLittleEndian] }],
  });
  try {
    const context = association.context(Verification);
    const messageId = association.nextMessageId();
    const begun = performance.now();
    await association.sendCommand(context.id, {
      commandField: CommandField.echoRequest,
      messageId,
      sopClassUid: Verification,
      hasDataset: false,
    });
    const { command } = await association.receive();
    if (command.commandField !== CommandField.echoResponse || command.status !== 0) {
      const status = command.status === undefined ? '' : ` with status ${command.status.toString(16).padStart(4, '0')}`;
      throw new DimseError('peer-protocol-error', 'transfer', `${association.peer} answered a C-ECHO${status}`);
    }
    const roundTripMs = performance.now() - begun;
    await association.release();
    return roundTripMs;
  } finally {
    association.abort(); // does nothing once it is released
  }
}
