import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  HttpEnvironment,
  NatsEnvironment,
  natsOptions,
  readEnvironment,
  S3Environment,
  s3Options,
} from '@smartbox/contracts';
import { ENCODER_CHOICES } from '@smartbox/media';
import { z } from 'zod';

const Env = z.object({
  ...HttpEnvironment,
  ...NatsEnvironment,
  ...S3Environment,
  /** Folder for encoded files on their way to the object store. */
  SCRATCH_DIR: z.string().default(join(tmpdir(), 'smartbox-transcoder')),
  /** Folder with `export-targets.yaml`. Absent: nothing is copied anywhere. */
  CONFIG_DIR: z.string().min(1).optional(),
  /** Clips worked on side by side. */
  CONCURRENCY: z.coerce.number().int().min(1).max(64).default(2),
  /** Child processes at work side by side; more urgent work makes less urgent stand still. */
  PROCESSES: z.coerce
    .number()
    .int()
    .min(1)
    .max(256)
    .default(() => Math.max(2, Math.floor(availableParallelism() / 2))),
  /** What HEVC is encoded with: hardware that passes a trial on this machine, or what is named. */
  HEVC_ENCODER: z.enum(ENCODER_CHOICES).default('auto'),
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
    configDir: e.CONFIG_DIR,
    concurrency: e.CONCURRENCY,
    processes: e.PROCESSES,
    hevcEncoder: e.HEVC_ENCODER,
  };
}

export const config = readConfig();
