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
import { networks } from './domain/access/addresses.ts';
import type { SessionLimits } from './domain/access/session-rules.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const address = (protocols: RegExp, example: string) =>
  z.string().refine((text) => protocols.test(URL.parse(text)?.protocol ?? ''), `must be an address such as ${example}`);

const DatabaseEnvironment = {
  DATABASE_URL: address(/^postgres(ql)?:$/, 'postgresql://user:password@127.0.0.1:5432/smartbox'),
};
const SiteEnvironment = { SITE_INSTITUTION: z.string().max(64).optional() };
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
  ...SiteEnvironment,
  /** Where browsers reach us, behind whatever proxy: cookies, redirects and the hospital's sign-in need it. */
  PUBLIC_URL: address(/^https?:$/, 'https://smartbox.hospital.example')
    .refine((url) => new URL(url).pathname === '/', 'an address without a path')
    .optional(),
  /** Addresses and networks of reverse proxies whose X-Forwarded-For is believed, `,`-separated. */
  TRUSTED_PROXIES: z
    .string()
    .default('')
    .transform(list)
    .refine(areNetworks, 'addresses and networks such as 10.0.0.0/8'),
  /** `code`: the first account is made in the browser, with a code that the log names. */
  FIRST_ACCOUNT: z.enum(['code']).optional(),
  SESSION_IDLE_MINUTES: z.coerce.number().int().min(1).max(1440).default(60),
  SESSION_HOURS: z.coerce.number().int().min(1).max(168).default(12),
  /** Never below a year; the default is the ten years of medical records in Germany (BGB section 630f). */
  AUDIT_RETENTION_DAYS: z.coerce.number().int().min(366, 'at least 366: a year').default(3653),
  /** SHA-256 of a token that command-line tools of this machine use (hexadecimal). */
  TOOLS_TOKEN_SHA256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits')
    .optional(),
  /** More Host names than the loopback ones, `,`-separated: what a reverse proxy or the Vite server calls us. */
  ALLOWED_HOSTS: z
    .string()
    .default('')
    .transform((text) => list(text.toLowerCase())),
});

function list(text: string): string[] {
  return text.split(',').flatMap((item) => (item.trim() === '' ? [] : [item.trim()]));
}

function areNetworks(texts: string[]): boolean {
  try {
    networks(texts);
    return true;
  } catch {
    return false;
  }
}

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
  publicUrl: string;
  trustedProxies: readonly string[];
  firstAccount: 'code' | undefined;
  sessionLimits: SessionLimits;
  auditRetentionDays: number;
  toolsTokenHash: string | undefined;
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
  const publicHost = e.PUBLIC_URL === undefined ? undefined : new URL(e.PUBLIC_URL).hostname;
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
    allowedHosts: publicHost === undefined ? e.ALLOWED_HOSTS : [...new Set([...e.ALLOWED_HOSTS, publicHost])],
    publicUrl: (e.PUBLIC_URL ?? `http://127.0.0.1:${e.PORT}`).replace(/\/+$/, ''),
    trustedProxies: e.TRUSTED_PROXIES,
    firstAccount: e.FIRST_ACCOUNT,
    sessionLimits: { idleMs: e.SESSION_IDLE_MINUTES * 60_000, absoluteMs: e.SESSION_HOURS * 3_600_000 },
    auditRetentionDays: e.AUDIT_RETENTION_DAYS,
    toolsTokenHash: e.TOOLS_TOKEN_SHA256,
    version: version(),
  };
}

/** For the migration script, which needs nothing else. @throws InvalidConfiguration */
export function readDatabaseUrl(env: NodeJS.ProcessEnv = process.env): string {
  return readEnvironment(z.object(DatabaseEnvironment), env).DATABASE_URL;
}

/** For the script of the audit. @throws InvalidConfiguration */
export function readAuditConfig(env: NodeJS.ProcessEnv = process.env): Pick<Config, 'databaseUrl' | 'institution'> {
  const e = readEnvironment(z.object({ ...DatabaseEnvironment, ...SiteEnvironment }), env);
  return { databaseUrl: e.DATABASE_URL, institution: e.SITE_INSTITUTION };
}

/** For the rebuild script. @throws InvalidConfiguration */
export function readRebuildConfig(env: NodeJS.ProcessEnv = process.env): Pick<Config, 'databaseUrl' | 'nats'> {
  const e = readEnvironment(z.object({ ...DatabaseEnvironment, ...NatsEnvironment }), env);
  return { databaseUrl: e.DATABASE_URL, nats: natsOptions(e) };
}

const version = (): string =>
  (JSON.parse(readFileSync(here('../package.json'), 'utf8')) as { version: string }).version;
