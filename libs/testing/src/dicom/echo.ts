import { connect } from 'node:net';
import { associateRequest, PduType } from './pdu.ts';

/** Does a DICOM application entity answer there? A rejected association is an answer too. */
export function dicomAnswers(port: number, calledAe = 'ANY-SCP'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1000, () => done(false));
    socket.once('error', () => done(false));
    socket.once('close', () => done(false));
    socket.once('data', (bytes) => done(bytes[0] === PduType.associateAc || bytes[0] === PduType.associateRj));
    socket.write(
      associateRequest({
        calledAe,
        callingAe: 'SMARTBOX',
        maxLength: 16_384,
        contexts: [{ id: 1, abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: ['1.2.840.10008.1.2'] }],
      }),
    );
  });
}
