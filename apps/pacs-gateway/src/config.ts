import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ConfigDirEnvironment,
  HttpEnvironment,
  NatsEnvironment,
  natsOptions,
  readEnvironment,
  S3Environment,
  s3Options,
} from '@smartbox/contracts';
import { inputError, toError } from '@smartbox/kernel';
import { z } from 'zod';
import { parseDestinations } from './domain/destinations.ts';

const Env = z.object({ ...HttpEnvironment, ...NatsEnvironment, ...S3Environment, ...ConfigDirEnvironment });

function destinationsFile(dir: string) {
  const file = join(dir, 'destinations.yaml');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw inputError('invalid-configuration', `CONFIG_DIR: cannot read ${file}: ${toError(error).message}`);
  }
  return parseDestinations(text, file);
}

/** @throws InvalidConfiguration, SmartBoxError `invalid-configuration` naming the variable or the field. */
function readConfig(env: NodeJS.ProcessEnv = process.env) {
  const e = readEnvironment(Env, env);
  return {
    host: e.HOST,
    port: e.PORT,
    nats: natsOptions(e),
    s3: s3Options(e),
    configDir: e.CONFIG_DIR,
    ...destinationsFile(e.CONFIG_DIR),
  };
}

export const config = readConfig();
