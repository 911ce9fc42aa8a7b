import { execFile } from 'node:child_process';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer, type TlsOptions } from 'node:tls';
import { promisify } from 'node:util';

/** Makes a key and a self-signed certificate for 127.0.0.1, valid for `days`: `<name>.key` and `<name>.pem` in `dir`. */
export async function makeCertificate(dir: string, name: string, days = 2): Promise<void> {
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
  const files = ['-keyout', join(dir, `${name}.key`), '-out', join(dir, `${name}.pem`)];
  await promisify(execFile)('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', String(days), ...subject, ...files]); // prettier-ignore
}

/** A TLS end on loopback before a plain server: DCMTK's own would listen on every interface. */
export async function startTlsFront(
  plainPort: number,
  options: TlsOptions,
): Promise<{ port: number; stop: () => Promise<void> }> {
  const server = createServer(options, (socket) => {
    const inner = connect(plainPort, '127.0.0.1');
    socket.on('error', () => inner.destroy());
    inner.on('error', () => socket.destroy());
    socket.pipe(inner).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
