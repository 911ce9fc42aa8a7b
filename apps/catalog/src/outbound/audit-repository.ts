import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { toError, transientError } from '@smartbox/kernel';

/** From the first byte to the last answer: a repository that stands still is one that is away. */
const QUIET_MS = 20_000;

/** A hospital's audit record repository: syslog over TLS (RFC 5425). */
export class AuditRepository {
  readonly #options: ConnectionOptions & { host: string; port: number };

  constructor(options: ConnectionOptions & { host: string; port: number }) {
    this.#options = options;
  }

  /**
   * Syslog acknowledges nothing. So each delivery has its connection: it is closed for writing behind the last frame,
   * and the repository closes its own half once it has read up to there (RFC 5425 section 4.4). Resolves only then.
   * @throws SmartBoxError `audit-repository-away` (retryable): it may have read some of it.
   */
  async deliver(frames: readonly Buffer[], signal: AbortSignal): Promise<void> {
    const socket = await this.#open(signal);
    let stop = (): void => undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        stop = () => reject(new Error('the service stops'));
        signal.addEventListener('abort', stop, { once: true });
        socket.once('error', reject);
        socket.once('timeout', () => reject(new Error(`it read nothing for ${QUIET_MS / 1000} s`)));
        let wrote = false;
        socket.once('end', () => {
          if (wrote) resolve();
          else reject(new Error('it closed the connection before it had read everything'));
        });
        socket.once('close', () => reject(new Error('the connection was lost')));
        // Whatever it says is not ours to read, but has to be taken for its end to come.
        socket.resume();
        socket.end(Buffer.concat(frames), () => (wrote = true));
      });
    } catch (error) {
      throw away(this.#options, error);
    } finally {
      signal.removeEventListener('abort', stop);
      socket.destroy();
    }
  }

  #open(signal: AbortSignal): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
      const { host } = this.#options;
      const socket = connect({ ...this.#options, ...(/^[\d.:]+$/.test(host) ? {} : { servername: host }) });
      socket.setTimeout(QUIET_MS);
      const stop = () => failed(new Error('the service stops'));
      const failed = (error: unknown) => {
        signal.removeEventListener('abort', stop);
        socket.destroy();
        reject(away(this.#options, error));
      };
      socket.once('error', failed);
      socket.once('timeout', () => failed(new Error('it does not answer')));
      signal.addEventListener('abort', stop, { once: true });
      socket.once('secureConnect', () => {
        signal.removeEventListener('abort', stop);
        socket.removeAllListeners('error');
        socket.removeAllListeners('timeout');
        resolve(socket);
      });
    });
  }
}

const away = ({ host, port }: { host: string; port: number }, error: unknown) =>
  transientError('audit-repository-away', `${host}:${port}: ${toError(error).message}`, error);
