import { SmartBoxError, toError } from '@smartbox/kernel';
import type { StartedTestContainer } from 'testcontainers';
import {
  createDatabase,
  databaseUrl,
  postgresVersion,
  type PostgresCredentials,
  type PostgresServer,
} from './postgres-info.ts';
import { createBucket, s3Client, type S3Credentials, type S3Server } from './s3-info.ts';
import { until } from '../wait.ts';
import type { ServerControl } from './server.ts';
import { natsServerVersion, type NatsCredentials, type NatsServer } from './nats-info.ts';

interface ContainerOptions {
  image: string;
  port: number;
  command?: string[];
  environment?: Record<string, string>;
}

interface Container {
  host: string;
  port: number;
  control: ServerControl;
}

/** `INFRA=docker` was asked for explicitly: without an engine it fails, it never falls back. */
async function startContainer(options: ContainerOptions): Promise<Container> {
  const { GenericContainer, Wait } = await import('testcontainers');
  let container: StartedTestContainer;
  try {
    let definition = new GenericContainer(options.image)
      .withExposedPorts(options.port)
      .withEnvironment(options.environment ?? {})
      .withWaitStrategy(Wait.forListeningPorts());
    if (options.command) definition = definition.withCommand(options.command);
    container = await definition.start();
  } catch (error) {
    throw new SmartBoxError({
      code: 'docker-unavailable',
      message: `INFRA=docker, but ${options.image} could not be started: ${toError(error).message}. Start a container engine, or unset INFRA to use the embedded servers.`,
      fault: 'input',
      cause: error,
    });
  }
  return {
    host: container.getHost(),
    port: container.getMappedPort(options.port),
    control: {
      stop: async () => {
        await container.stop();
      },
      restart: () => container.restart(),
      start: () => container.restart(),
      kill: async () => {
        await container.stop({ timeout: 0, remove: false });
      },
    },
  };
}

export async function startNatsContainer(credentials: NatsCredentials): Promise<NatsServer> {
  const { user, password } = credentials;
  const container = await startContainer({
    image: 'nats:2.12-alpine',
    port: 4222,
    command: ['-js', '--user', user, '--pass', password],
  });
  return {
    name: 'nats',
    url: `nats://${container.host}:${container.port}`,
    host: container.host,
    port: container.port,
    pid: null,
    version: (await natsServerVersion(container.host, container.port)) ?? 'unknown',
    origin: 'docker',
    credentials,
    dataDir: null,
    ...container.control,
  };
}

export async function startS3Container(credentials: S3Credentials, bucket: string): Promise<S3Server> {
  const image = 'chrislusf/seaweedfs:4.48';
  const container = await startContainer({
    image,
    port: 8333,
    command: ['mini', '-dir=/data', '-ip.bind=0.0.0.0', '-admin.ui=false', '-webdav=false', '-master.telemetry=false'],
    environment: { AWS_ACCESS_KEY_ID: credentials.accessKey, AWS_SECRET_ACCESS_KEY: credentials.secretKey },
  });
  const url = `http://${container.host}:${container.port}`;
  const client = s3Client(url, credentials);
  await until(() => createBucket(client, bucket).then(() => true), { what: 'the S3 container' });
  return {
    name: 's3',
    url,
    host: container.host,
    port: container.port,
    pid: null,
    version: image,
    origin: 'docker',
    credentials,
    bucket,
    dataDir: null,
    createBucket: (name) => createBucket(client, name),
    ...container.control,
  };
}

export async function startPostgresContainer(
  credentials: PostgresCredentials,
  database: string,
): Promise<PostgresServer> {
  const container = await startContainer({
    image: 'postgres:18-alpine',
    port: 5432,
    environment: {
      POSTGRES_USER: credentials.user,
      POSTGRES_PASSWORD: credentials.password,
      POSTGRES_DB: database,
    },
  });
  const urlFor = (name: string): string => databaseUrl(container, credentials, name);
  // The image starts the server twice: the port may be open before the database is.
  const version = await until(() => postgresVersion(urlFor(database)), { what: 'the PostgreSQL container' });
  return {
    name: 'postgres',
    url: urlFor(database),
    host: container.host,
    port: container.port,
    pid: null,
    version,
    origin: 'docker',
    credentials,
    database,
    dataDir: null,
    urlFor,
    createDatabase: (name) => createDatabase(urlFor, database, name),
    ...container.control,
  };
}
