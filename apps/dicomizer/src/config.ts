import { readFileSync } from 'node:fs';
import { inputError } from '@smartbox/kernel';
import { parseS3Url, type S3Address } from '@smartbox/storage';
import { z } from 'zod';

const Env = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65535).default(8083),
  NATS_URL: z.string().default('nats://127.0.0.1:4222'),
  NATS_USER: z.string().optional(),
  NATS_PASSWORD: z.string().optional(),
  NATS_DOMAIN: z.string().optional(),
  S3_URL: z.string(),
  S3_ACCESS_KEY: z.string().optional(),
  S3_SECRET_KEY: z.string().optional(),
  S3_BUCKET: z.string().optional(),
});

export interface Config {
  host: string;
  port: number;
  nats: { servers: string; user?: string; pass?: string; domain?: string };
  s3: S3Address;
  /** Written into every object. */
  version: string;
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
  const credentials = { accessKey: e.S3_ACCESS_KEY, secretKey: e.S3_SECRET_KEY, bucket: e.S3_BUCKET };
  return {
    host: e.HOST,
    port: e.PORT,
    nats: {
      servers: e.NATS_URL,
      ...(e.NATS_USER === undefined ? {} : { user: e.NATS_USER }),
      ...(e.NATS_PASSWORD === undefined ? {} : { pass: e.NATS_PASSWORD }),
      ...(e.NATS_DOMAIN === undefined ? {} : { domain: e.NATS_DOMAIN }),
    },
    s3: parseS3Url(e.S3_URL, credentials),
    version: version(),
  };
}

const version = (): string =>
  (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;
