import { startContainer } from './container.ts';
import { natsServerVersion, type NatsCredentials, type NatsServer } from './nats-info.ts';
import {
  createDatabase,
  databaseUrl,
  postgresVersion,
  query,
  type PostgresCredentials,
  type PostgresServer,
} from './postgres-info.ts';
import { createBucket, s3Client, type S3Credentials, type S3Server } from './s3-info.ts';
import type { LaunchOptions } from './server.ts';

const address = { host: '127.0.0.1' };

/** @param configuration for a server that listens on port 4222 and keeps its files in /data. */
export async function startNatsContainer(
  credentials: NatsCredentials,
  configuration: string,
  launch: LaunchOptions,
): Promise<NatsServer> {
  const container = await startContainer(
    {
      name: 'nats',
      image: 'nats:2.12-alpine',
      port: 4222,
      command: ['-c', '/smartbox.conf'],
      files: { '/smartbox.conf': configuration },
      data: '/data',
      ready: async (port) => (await natsServerVersion(address.host, port)) !== undefined,
    },
    launch,
  );
  const { host, port, control } = container;
  return {
    name: 'nats',
    url: `nats://${host}:${port}`,
    host,
    port,
    pid: null,
    version: (await natsServerVersion(host, port)) ?? 'unknown',
    origin: 'docker',
    credentials,
    dataDir: null,
    ...control,
  };
}

export async function startS3Container(
  credentials: S3Credentials,
  bucket: string,
  launch: LaunchOptions,
): Promise<S3Server> {
  const image = 'chrislusf/seaweedfs:4.48';
  const clientAt = (port: number) => s3Client(`http://${address.host}:${port}`, credentials);
  const { host, port, control } = await startContainer(
    {
      name: 's3',
      image,
      port: 8333,
      command: [
        ...['mini', '-dir=/data', '-ip=127.0.0.1', '-ip.bind=0.0.0.0', `-bucket=${bucket}`],
        ...['-admin.ui=false', '-webdav=false', '-master.telemetry=false'],
      ],
      environment: { AWS_ACCESS_KEY_ID: credentials.accessKey, AWS_SECRET_ACCESS_KEY: credentials.secretKey },
      data: '/data',
      ready: (at) => clientAt(at).bucketExists(bucket),
    },
    launch,
  );
  return {
    name: 's3',
    url: `http://${host}:${port}`,
    host,
    port,
    pid: null,
    version: image,
    origin: 'docker',
    credentials,
    bucket,
    dataDir: null,
    createBucket: (name) => createBucket(clientAt(port), name),
    ...control,
  };
}

export async function startPostgresContainer(
  credentials: PostgresCredentials,
  database: string,
  launch: LaunchOptions,
): Promise<PostgresServer> {
  const urlAt = (port: number, name: string): string => databaseUrl({ ...address, port }, credentials, name);
  const { host, port, control } = await startContainer(
    {
      name: 'postgres',
      image: 'postgres:18-alpine',
      port: 5432,
      command: ['-c', 'max_connections=200'],
      environment: {
        POSTGRES_USER: credentials.user,
        POSTGRES_PASSWORD: credentials.password,
        POSTGRES_DB: database,
        POSTGRES_INITDB_ARGS: '--encoding=UTF8 --locale-provider=builtin --builtin-locale=C.UTF-8',
      },
      data: '/var/lib/postgresql',
      // at the first start the image runs the server twice: the port may be open before the database is
      ready: async (at) => (await query(urlAt(at, database), 'SELECT 1')).length === 1,
    },
    launch,
  );
  const urlFor = (name: string): string => urlAt(port, name);
  return {
    name: 'postgres',
    url: urlFor(database),
    host,
    port,
    pid: null,
    version: await postgresVersion(urlFor(database)),
    origin: 'docker',
    credentials,
    database,
    dataDir: null,
    urlFor,
    createDatabase: (name) => createDatabase(urlFor, database, name),
    ...control,
  };
}
