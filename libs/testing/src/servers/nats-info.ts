import { connect } from 'node:net';
import type { ServerControl, ServerInfo } from './server.ts';

export interface NatsCredentials {
  user: string;
  password: string;
}

/** `url` is `nats://127.0.0.1:<port>` without credentials. */
export interface NatsServer extends ServerInfo, ServerControl {
  credentials: NatsCredentials;
  /** Where JetStream keeps its files; null for a server that is not ours. */
  dataDir: string | null;
}

/** Reads the version out of the INFO line that a NATS server sends first; undefined when nothing answers. */
export function natsServerVersion(host: string, port: number, timeoutMs = 2000): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    let text = '';
    const done = (version?: string): void => {
      socket.destroy();
      resolve(version);
    };
    socket.setTimeout(timeoutMs, () => done());
    socket.once('error', () => done());
    socket.once('close', () => done());
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const version = /^INFO .*"version":"([^"]+)"/.exec(text)?.[1];
      if (version !== undefined) done(version);
    });
  });
}
