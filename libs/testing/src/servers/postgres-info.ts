import { inputError } from '@smartbox/kernel';
import pg from 'pg';
import type { ServerControl, ServerInfo } from './server.ts';

export interface PostgresCredentials {
  user: string;
  password: string;
}

/** `url` is complete, with user, password and database: it goes into `DATABASE_URL`. */
export interface PostgresServer extends ServerInfo, ServerControl {
  credentials: PostgresCredentials;
  database: string;
  dataDir: string | null;
  /** The URL of another database of this server. */
  urlFor: (database: string) => string;
  /** Creates an empty database (a test file's own) and returns its URL; nothing happens when it exists. */
  createDatabase: (name: string) => Promise<string>;
}

export function databaseUrl(
  address: { host: string; port: number },
  credentials: PostgresCredentials,
  database: string,
): string {
  const login = `${encodeURIComponent(credentials.user)}:${encodeURIComponent(credentials.password)}`;
  return `postgresql://${login}@${address.host}:${address.port}/${encodeURIComponent(database)}`;
}

/** One statement on a connection of its own; the rows. */
export async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3000 });
  client.on('error', () => undefined); // the server may be killed while we are connected
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

export async function postgresVersion(url: string): Promise<string> {
  const [row] = await query(url, 'SHOW server_version');
  return String(row?.['server_version']);
}

export async function createDatabase(urlFor: (name: string) => string, via: string, name: string): Promise<string> {
  if (!/^[a-z0-9_]{1,63}$/.test(name)) {
    throw inputError(
      'database-name',
      `a database name is lower-case letters, digits and _, not ${JSON.stringify(name)}`,
    );
  }
  const [row] = await query(urlFor(via), `SELECT 1 AS there FROM pg_database WHERE datname = '${name}'`);
  if (!row) await query(urlFor(via), `CREATE DATABASE "${name}"`);
  return urlFor(name);
}
