import { readFileSync } from 'node:fs';
import {
  HttpEnvironment,
  NatsEnvironment,
  natsOptions,
  readEnvironment,
  S3Environment,
  s3Options,
  type NatsSettings,
} from '@smartbox/contracts';
import { parseS3Url, type S3Address } from '@smartbox/storage';
import { z } from 'zod';

const Env = z.object({
  ...HttpEnvironment,
  ...NatsEnvironment,
  ...S3Environment,
  DEIDENTIFY_KEY: z.string().min(32, 'at least 32 characters').optional(),
});

export interface Config {
  host: string;
  port: number;
  nats: NatsSettings;
  s3: S3Address;
  /** The site's own for copies for teaching: same key, same replacements. None: no such copies are made. */
  deidentifyKey?: string | undefined;
  /** Written into every object. */
  version: string;
}

/** @throws InvalidConfiguration naming the variables, never their values. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const e = readEnvironment(Env, env);
  const { url, credentials } = s3Options(e);
  return {
    host: e.HOST,
    port: e.PORT,
    nats: natsOptions(e),
    s3: parseS3Url(url, credentials),
    deidentifyKey: e.DEIDENTIFY_KEY,
    version: version(),
  };
}

const version = (): string =>
  (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;
