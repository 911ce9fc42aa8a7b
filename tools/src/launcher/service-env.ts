import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { brokerUserOf, type Service } from '@smartbox/contracts';
import type { Servers } from './servers.ts';
import type { Credentials } from './state-dir.ts';

interface EnvironmentPlan {
  service: Service;
  /** The port it listens on. */
  port: number;
  /** Ports of all services, by name. */
  ports: Readonly<Record<string, number>>;
  servers: Servers;
  credentials: Credentials;
  configDir: string;
  /** For capture-edge: its room. */
  stationId?: string;
  /** A folder of its own for scratch files and the local spool. */
  work: string;
}

/** What passes from the launcher's own environment to the services. */
const passed = ['PATH', 'HOME', 'TZ', 'LANG', 'LC_ALL', 'TMPDIR', 'LOG_LEVEL', 'NODE_EXTRA_CA_CERTS'];

function own(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => passed.includes(name) || name.startsWith('OTEL_') || name.startsWith('SITE_'),
    ),
  );
}

/** The environment of one service: the same names as in docker-compose.yml and in each app's README. */
export function serviceEnvironment(plan: EnvironmentPlan): NodeJS.ProcessEnv {
  const { service, ports, servers, credentials, configDir, work } = plan;
  const { nats, s3, postgres } = servers;
  const s3Url = `${s3.url}/${s3.bucket}`;
  const user = brokerUserOf(service, plan.stationId);
  // A server of somebody else's knows the users that it knows.
  const broker = nats.origin === 'url' ? nats.credentials : { user, password: credentials.natsUsers[user] };
  return {
    ...own(),
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    PORT: String(plan.port),
    NATS_URL: nats.url,
    NATS_USER: broker.user,
    NATS_PASSWORD: broker.password,
    S3_URL: s3Url,
    S3_ACCESS_KEY: s3.credentials.accessKey,
    S3_SECRET_KEY: s3.credentials.secretKey,
    S3_BUCKET: s3.bucket,
    CONFIG_DIR: configDir,
    SCRATCH_DIR: work,
    SPOOL_DIR: work,
    ...(plan.stationId === undefined ? {} : { STATION_FILE: join(configDir, 'stations', `${plan.stationId}.yaml`) }),
    ...(service === 'catalog' || service === 'streaming' ? { LIVE_TOKEN_SECRET: credentials.liveTokenSecret } : {}),
    ...(service === 'dicomizer' ? { DEIDENTIFY_KEY: credentials.deidentifyKey } : {}),
    ...(service === 'streaming' ? { PUBLIC_URL: `http://127.0.0.1:${plan.port}` } : {}),
    ...(service === 'catalog'
      ? {
          DATABASE_URL: postgres.url,
          // The service knows the hash only.
          TOOLS_TOKEN_SHA256: createHash('sha256').update(credentials.toolsToken).digest('hex'),
          ...(ports['streaming'] === undefined ? {} : { STREAMING_URL: `http://127.0.0.1:${ports['streaming']}` }),
        }
      : {}),
  };
}
