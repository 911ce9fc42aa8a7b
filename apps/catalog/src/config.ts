import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  HttpEnvironment,
  NatsEnvironment,
  natsOptions,
  readEnvironment,
  S3Environment,
  s3Options,
} from '@smartbox/contracts';
import { z } from 'zod';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const address = (protocols: RegExp, example: string) =>
  z.string().refine((text) => protocols.test(URL.parse(text)?.protocol ?? ''), `must be an address such as ${example}`);

const DatabaseEnvironment = {
  DATABASE_URL: address(/^postgres(ql)?:$/, 'postgresql://user:password@127.0.0.1:5432/smartbox'),
};
const Env = z.object({
  ...HttpEnvironment,
  ...NatsEnvironment,
  ...S3Environment,
  ...DatabaseEnvironment,
  CONFIG_DIR: z.string().default(here('../../../config')),
  DASHBOARD_DIR: z.string().default(here('../../dashboard/dist')),
  /** Where browsers reach the streaming service. */
  STREAMING_URL: address(/^https?:$/, 'http://127.0.0.1:8084').default('http://127.0.0.1:8084'),
  /** Shared with the streaming service; live links are signed with it. */
  LIVE_TOKEN_SECRET: z.string().min(16, 'at least 16 characters'),
  SITE_LOCALE: z.enum(['de', 'en']).default('de'),
  SITE_TIME_ZONE: z
    .string()
    .default(Intl.DateTimeFormat().resolvedOptions().timeZone)
    .refine(isTimeZone, 'an IANA time zone such as Europe/Berlin'),
  SITE_INSTITUTION: z.string().max(64).optional(),
  /** More Host names than the loopback ones, `,`-separated: what a reverse proxy or the Vite server calls us. */
  ALLOWED_HOSTS: z
    .string()
    .default('')
    .transform((text) => text.split(',').flatMap((host) => (host.trim() === '' ? [] : [host.trim().toLowerCase()]))),
});

export type Config = Readonly<{
  host: string;
  port: number;
  databaseUrl: string;
  nats: ReturnType<typeof natsOptions>;
  s3: ReturnType<typeof s3Options>;
  configDir: string;
  dashboardDir: string;
  streamingUrl: string;
  liveTokenSecret: string;
  locale: 'de' | 'en';
  timeZone: string;
  institution: string | undefined;
  allowedHosts: readonly string[];
  version: string;
}>;

function isTimeZone(name: string): boolean {
  try {
    return Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** The service's settings. @throws InvalidConfiguration naming the variables, never their values. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const e = readEnvironment(Env, env);
  return {
    host: e.HOST,
    port: e.PORT,
    databaseUrl: e.DATABASE_URL,
    nats: natsOptions(e),
    s3: s3Options(e),
    configDir: e.CONFIG_DIR,
    dashboardDir: e.DASHBOARD_DIR,
    streamingUrl: e.STREAMING_URL.replace(/\/+$/, ''),
    liveTokenSecret: e.LIVE_TOKEN_SECRET,
    locale: e.SITE_LOCALE,
    timeZone: e.SITE_TIME_ZONE,
    institution: e.SITE_INSTITUTION,
    allowedHosts: e.ALLOWED_HOSTS,
    version: version(),
  };
}

/** For the migration script, which needs nothing else. @throws InvalidConfiguration */
export function readDatabaseUrl(env: NodeJS.ProcessEnv = process.env): string {
  return readEnvironment(z.object(DatabaseEnvironment), env).DATABASE_URL;
}

/** For the rebuild script. @throws InvalidConfiguration */
export function readRebuildConfig(env: NodeJS.ProcessEnv = process.env): Pick<Config, 'databaseUrl' | 'nats'> {
  const e = readEnvironment(z.object({ ...DatabaseEnvironment, ...NatsEnvironment }), env);
  return { databaseUrl: e.DATABASE_URL, nats: natsOptions(e) };
}

const version = (): string =>
  (JSON.parse(readFileSync(here('../package.json'), 'utf8')) as { version: string }).version;
