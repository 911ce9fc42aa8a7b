import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inputError } from '@smartbox/kernel';
import { z } from 'zod';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const url = (protocols: RegExp, example: string) =>
  z.string().refine((text) => protocols.test(URL.parse(text)?.protocol ?? ''), `an address such as ${example}`);

const Env = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65535).default(8080),
  DATABASE_URL: url(/^postgres(ql)?:$/, 'postgresql://user:password@127.0.0.1:5432/smartbox'),
  NATS_URL: z.string().default('nats://127.0.0.1:4222'),
  NATS_USER: z.string().optional(),
  NATS_PASSWORD: z.string().optional(),
  NATS_DOMAIN: z.string().optional(),
  S3_URL: url(/^https?:$/, 'http://key:secret@127.0.0.1:9000/smartbox'),
  S3_ACCESS_KEY: z.string().optional(),
  S3_SECRET_KEY: z.string().optional(),
  S3_BUCKET: z.string().optional(),
  CONFIG_DIR: z.string().default(here('../../../config')),
  DASHBOARD_DIR: z.string().default(here('../../dashboard/dist')),
  /** Where browsers reach the streaming service. */
  STREAMING_URL: url(/^https?:$/, 'http://127.0.0.1:8084').default('http://127.0.0.1:8084'),
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
  nats: { servers: string; user?: string; pass?: string; domain?: string };
  s3: { url: string; accessKey?: string; secretKey?: string; bucket?: string };
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

/** The service's settings. @throws SmartBoxError `invalid-config` naming the variable, never its value. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = Env.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw inputError('invalid-config', `environment variable ${String(issue?.path[0])}: ${issue?.message}`);
  }
  const e = parsed.data;
  return {
    host: e.HOST,
    port: e.PORT,
    databaseUrl: e.DATABASE_URL,
    nats: {
      servers: e.NATS_URL,
      ...(e.NATS_USER === undefined ? {} : { user: e.NATS_USER }),
      ...(e.NATS_PASSWORD === undefined ? {} : { pass: e.NATS_PASSWORD }),
      ...(e.NATS_DOMAIN === undefined ? {} : { domain: e.NATS_DOMAIN }),
    },
    s3: {
      url: e.S3_URL,
      ...(e.S3_ACCESS_KEY === undefined ? {} : { accessKey: e.S3_ACCESS_KEY }),
      ...(e.S3_SECRET_KEY === undefined ? {} : { secretKey: e.S3_SECRET_KEY }),
      ...(e.S3_BUCKET === undefined ? {} : { bucket: e.S3_BUCKET }),
    },
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

/** For the migration script, which needs nothing else. @throws SmartBoxError `invalid-config` */
export function readDatabaseUrl(env: NodeJS.ProcessEnv = process.env): string {
  const parsed = Env.pick({ DATABASE_URL: true }).safeParse(env);
  if (!parsed.success) throw inputError('invalid-config', 'environment variable DATABASE_URL is no PostgreSQL address');
  return parsed.data.DATABASE_URL;
}

const version = (): string =>
  (JSON.parse(readFileSync(here('../package.json'), 'utf8')) as { version: string }).version;
