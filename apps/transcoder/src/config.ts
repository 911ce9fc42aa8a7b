import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  HttpEnvironment,
  NatsEnvironment,
  natsOptions,
  readEnvironment,
  S3Environment,
  s3Options,
} from '@smartbox/contracts';
import { z } from 'zod';

const Env = z.object({
  ...HttpEnvironment,
  ...NatsEnvironment,
  ...S3Environment,
  /** Folder for encoded files on their way to the object store. */
  SCRATCH_DIR: z.string().default(join(tmpdir(), 'smartbox-transcoder')),
  /** Clips worked on side by side. */
  CONCURRENCY: z.coerce.number().int().min(1).max(64).default(2),
});

/** @throws InvalidConfiguration */
export function readConfig(env: NodeJS.ProcessEnv = process.env) {
  const e = readEnvironment(Env, env);
  return {
    host: e.HOST,
    port: e.PORT,
    nats: natsOptions(e),
    s3: s3Options(e),
    scratch: e.SCRATCH_DIR,
    concurrency: e.CONCURRENCY,
  };
}

export const config = readConfig();
