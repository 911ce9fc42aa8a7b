import {
  ConfigDirEnvironment,
  HttpEnvironment,
  NatsEnvironment,
  natsOptions,
  readEnvironment,
  S3Environment,
  s3Options,
} from '@smartbox/contracts';
import { z } from 'zod';

const Environment = z.object({
  ...HttpEnvironment,
  ...NatsEnvironment,
  ...S3Environment,
  ...ConfigDirEnvironment,
});

export type Config = ReturnType<typeof readConfig>;

/** The only reader of the environment. @throws InvalidConfiguration naming every wrong variable. */
export function readConfig(env: NodeJS.ProcessEnv = process.env) {
  const values = readEnvironment(Environment, env);
  return {
    host: values.HOST,
    port: values.PORT,
    configDir: values.CONFIG_DIR,
    nats: natsOptions(values),
    s3: s3Options(values),
  };
}
