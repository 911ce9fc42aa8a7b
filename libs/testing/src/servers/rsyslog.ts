import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { inputError } from '@smartbox/kernel';
import { freePort } from '../ports.ts';
import { startLocal, type LocalServer } from './launch.ts';
import { versionOnPath } from './path-binary.ts';

export interface Rsyslog extends LocalServer {
  port: number;
  /** Every message as it came in its frame, in the order in which they came. */
  messages: () => Promise<string[]>;
}

/**
 * rsyslog as the syslog receiver over TLS of RFC 5425, on loopback, who asks for a certificate.
 * @param dir holds `<server>.pem`, `<server>.key` and `<client>.pem`, and gets what it writes
 */
export async function startRsyslog(
  dir: string,
  { server, client }: { server: string; client: string },
): Promise<Rsyslog> {
  const version = await versionOnPath('rsyslogd', ['-v'], '8.0', () => undefined);
  if (version === undefined)
    throw inputError('rsyslog-missing', 'rsyslogd is not installed (Debian: apt install rsyslog rsyslog-openssl)');
  const port = await freePort();
  const received = join(dir, 'received.log');
  const config = join(dir, 'rsyslog.conf');
  await writeFile(received, '');
  await writeFile(
    config,
    `global(workDirectory="${dir}" maxMessageSize="64k" parser.escapeControlCharactersOnReceive="off"
  defaultNetstreamDriverCAFile="${join(dir, `${client}.pem`)}"
  defaultNetstreamDriverCertFile="${join(dir, `${server}.pem`)}"
  defaultNetstreamDriverKeyFile="${join(dir, `${server}.key`)}")
module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="x509/certvalid")
template(name="raw" type="string" string="%rawmsg%\\n")
input(type="imtcp" address="127.0.0.1" port="${port}")
action(type="omfile" file="${received}" template="raw")
`,
  );
  const local = await startLocal({
    name: 'rsyslogd',
    command: () => ({
      command: 'rsyslogd',
      args: ['-n', '-f', config, '-i', join(dir, 'rsyslog.pid')],
      logFile: join(dir, 'rsyslogd.log'),
    }),
    ready: () => listens(port),
  });
  const messages = async () => (await readFile(received, 'utf8')).split('\n').filter((line) => line !== '');
  return Object.assign(local, { port, messages });
}

const listens = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => (socket.destroy(), resolve(true)));
    socket.once('error', () => resolve(false));
  });
