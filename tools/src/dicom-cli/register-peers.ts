import { InvalidArgumentError, type Command } from 'commander';
import { inputError } from '@smartbox/kernel';
import type { PeerOptions } from './peers.ts';
import { text, verb, type Options } from '../file-verb.ts';

const seconds = (given: string): number => {
  const value = Number(given);
  if (!(value > 0)) throw new InvalidArgumentError('seconds above 0');
  return value;
};

/** Options that say who and how; `--to` may also be given as an argument. */
function withPeer(command: Command): Command {
  return command
    .option('--to <AE@host:port>', 'the peer')
    .option('--calling <AE>', 'our own AE title', 'SMARTBOX')
    .option('--timeout <seconds>', 'give up after so long without a byte', seconds, 30)
    .option('--tls', 'TLS, the certificate of the peer checked against the system')
    .option('--tls-ca <file>', 'TLS, checked against these certificates')
    .option('--tls-cert <file>', 'our certificate, for mutual TLS')
    .option('--tls-key <file>', 'its key');
}

function peer(options: Options, argument?: string): PeerOptions {
  const to = text(options['to']) ?? argument;
  if (to === undefined) throw inputError('missing-option', '--to AE@host:port is missing');
  const [ca, cert, key] = [text(options['tlsCa']), text(options['tlsCert']), text(options['tlsKey'])];
  const tls = options['tls'] === true || ca !== undefined || cert !== undefined || key !== undefined;
  return {
    to,
    calling: text(options['calling']),
    timeoutSeconds: typeof options['timeout'] === 'number' ? options['timeout'] : undefined,
    tls: tls ? { ca, cert, key } : undefined,
  };
}

/** The verbs that talk to a peer: C-ECHO, C-STORE, Modality Worklist (PS3.7 9.1, PS3.4 K). */
export function registerPeers(dicom: Command): void {
  withPeer(
    verb(dicom, 'echo [peer]', 'C-ECHO', async ([argument], options) => {
      const { echoPeer } = await import('./peers.ts');
      const json = await echoPeer(peer(options, argument));
      return { json, lines: [`${json.to} answers after ${json.roundTripMs} ms`] };
    }),
  );

  withPeer(
    verb(dicom, 'send <files...>', 'C-STORE', async (files, options) => {
      const { sendFiles } = await import('./peers.ts');
      const to = peer(options);
      const results = await sendFiles(files, to);
      const ok = results.every((each) => each.ok);
      return {
        json: { to: to.to, ok, results },
        lines: results.map((each) =>
          each.error
            ? `FAILED ${each.file}: ${each.error.message}`
            : `${each.ok ? 'stored' : 'REFUSED'} ${each.file}: status ${each.status} ${each.comment ?? ''}, ${each.bytes} bytes in ${each.ms} ms`,
        ),
        failed: !ok,
      };
    }),
  );

  withPeer(
    verb(dicom, 'worklist [peer]', 'Modality Worklist C-FIND', async ([argument], options) => {
      const { askWorklist } = await import('./peers.ts');
      const keys = ['stationAe', 'modality', 'date', 'patientId', 'patientName', 'accessionNumber'] as const;
      const given = keys.map((key) => [key, text(options[key])] as const).filter(([, value]) => value !== undefined);
      const query = Object.fromEntries(given) as Partial<Record<(typeof keys)[number], string>>;
      const json = await askWorklist(peer(options, argument), query);
      return {
        json,
        lines: [
          ...json.items.map(
            (item) =>
              `${item.scheduledAt ?? ''}  ${item.accessionNumber ?? ''}  ${item.patient.id}  ${item.patient.name}  ${item.scheduledProcedureStepDescription ?? ''}`,
          ),
          ...(json.truncated ? ['there are more: narrow the query'] : []),
          ...(json.unreadable > 0 ? [`${json.unreadable} item(s) could not be read`] : []),
        ],
      };
    }),
  )
    .option('--station-ae <AE>', 'Scheduled Station AE Title')
    .option('--modality <CS>', 'ES, XC ...')
    .option('--date <DA>', 'YYYYMMDD or a range')
    .option('--patient-id <id>')
    .option('--patient-name <name>')
    .option('--accession-number <number>');
}
