import { z } from 'zod';

/**
 * The environment variables that several services share. Each service's `config.ts` composes its own schema from
 * these (`z.object({ ...HttpEnvironment, ...NatsEnvironment, OWN: ... })`) and reads it with `readEnvironment`.
 */

const address = (protocols: RegExp, example: string) =>
  z.string().refine((text) => protocols.test(URL.parse(text)?.protocol ?? ''), `must be an address such as ${example}`);

export const HttpEnvironment = {
  HOST: z.string().default('127.0.0.1'),
  /** 0: any free port. */
  PORT: z.coerce.number().int().min(0).max(65535).default(0),
};

const natsAddress = address(/^(nats|tls|ws|wss):$/, 'nats://127.0.0.1:4222');

export const NatsEnvironment = {
  /** One server, or several of a cluster with commas between them. */
  NATS_URL: z
    .string()
    .default('nats://127.0.0.1:4222')
    .transform((text) => text.split(',').map((server) => server.trim()))
    .pipe(z.array(natsAddress)),
  /** Copies of every stream and bucket, in different failure domains of a cluster. Absent: 1 for new ones. */
  NATS_REPLICAS: z.coerce
    .number()
    .refine((copies) => [1, 3, 5].includes(copies), '1, 3 or 5: not more than the cluster has servers')
    .optional(),
  NATS_USER: z.string().optional(),
  NATS_PASSWORD: z.string().optional(),
  /** JetStream domain of a leaf node. */
  NATS_DOMAIN: z.string().optional(),
};

export const S3Environment = {
  S3_URL: address(/^https?:$/, 'http://127.0.0.1:9000/smartbox'),
  S3_ACCESS_KEY: z.string().optional(),
  S3_SECRET_KEY: z.string().optional(),
};

/** Folder with `stations/*.yaml`, `recipes/*.yaml` and `destinations.yaml`. */
export const ConfigDirEnvironment = { CONFIG_DIR: z.string().min(1) };

type NatsVariables = z.output<z.ZodObject<typeof NatsEnvironment>>;
type S3Variables = z.output<z.ZodObject<typeof S3Environment>>;

export interface NatsSettings {
  servers: readonly string[];
  user?: string | undefined;
  pass?: string | undefined;
  domain?: string | undefined;
  replicas?: number | undefined;
}

/** As `Messaging.connect` takes it. */
export function natsOptions(env: NatsVariables): NatsSettings {
  const { NATS_URL: servers, NATS_USER: user, NATS_PASSWORD: pass, NATS_DOMAIN: domain, NATS_REPLICAS: replicas } = env;
  return { servers, user, pass, domain, replicas };
}

/** As `parseS3Url` of libs/storage takes it: the address and what wins over it. */
export function s3Options(env: S3Variables) {
  return { url: env.S3_URL, credentials: { accessKey: env.S3_ACCESS_KEY, secretKey: env.S3_SECRET_KEY } };
}

/** A setting that is wrong: stops the boot and names the variable, never its value (it may be a secret). */
export class InvalidConfiguration extends Error {
  readonly code = 'invalid-configuration';
  override readonly name = 'InvalidConfiguration';
}

/** @throws InvalidConfiguration with every wrong variable and what would be right. Empty counts as absent. */
export function readEnvironment<T extends z.ZodObject>(
  schema: T,
  env: Readonly<Record<string, string | undefined>>,
): z.output<T> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => `environment variable ${String(issue.path[0])}: ${issue.message}`);
  throw new InvalidConfiguration(lines.join('\n'));
}
