import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { StationConfig } from '@smartbox/contracts';
import { inputError, toError } from '@smartbox/kernel';
import { parse } from 'yaml';
import { z } from 'zod';

const Environment = z.object({
  PORT: z.coerce.number().int().min(0).max(65535).default(0),
  HOST: z.string().default('127.0.0.1'),
  NATS_URL: z
    .string()
    .regex(/^(nats|tls|ws|wss):\/\//, 'has to begin with nats://')
    .default('nats://127.0.0.1:4222'),
  NATS_USER: z.string().optional(),
  NATS_PASSWORD: z.string().optional(),
  NATS_DOMAIN: z.string().optional(),
  /** YAML or JSON file of this station. */
  STATION_FILE: z.string().optional(),
  /** The same as JSON text; wins over the file. */
  STATION_JSON: z.string().optional(),
  SPOOL_DIR: z.string().default('.smartbox/spool'),
  SPOOL_MAX_BYTES: z.coerce.number().int().min(10_000_000).default(4_000_000_000),
});

export interface Config {
  readonly port: number;
  readonly host: string;
  readonly nats: { readonly servers: string; readonly user?: string; readonly pass?: string; readonly domain?: string };
  readonly station: StationConfig;
  readonly spoolDir: string;
  readonly maxSpoolBytes: number;
}

/** Reads the environment. @throws SmartBoxError `bad-configuration` naming the variable or field and quoting the value. */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = Environment.safeParse(set);
  if (!parsed.success) throw bad(parsed.error, set, 'environment variable ');
  const e = parsed.data;
  const station = readStation(e.STATION_FILE, e.STATION_JSON);
  return {
    port: e.PORT,
    host: e.HOST,
    nats: {
      servers: e.NATS_URL,
      ...(e.NATS_USER ? { user: e.NATS_USER } : {}),
      ...(e.NATS_PASSWORD ? { pass: e.NATS_PASSWORD } : {}),
      ...(e.NATS_DOMAIN ? { domain: e.NATS_DOMAIN } : {}),
    },
    station,
    spoolDir: join(e.SPOOL_DIR, station.id),
    maxSpoolBytes: e.SPOOL_MAX_BYTES,
  };
}

function readStation(file: string | undefined, json: string | undefined): StationConfig {
  if (json === undefined && file === undefined)
    throw inputError('bad-configuration', 'STATION_FILE (or STATION_JSON) is needed: the description of this station');
  const where = json === undefined ? `STATION_FILE ${JSON.stringify(file)}` : 'STATION_JSON';
  let raw: unknown;
  try {
    raw = json === undefined ? parse(readFileSync(file ?? '', 'utf8')) : JSON.parse(json);
  } catch (error) {
    throw inputError('bad-configuration', `${where} cannot be read: ${toError(error).message}`);
  }
  const parsed = StationConfig.safeParse(raw);
  if (!parsed.success) throw bad(parsed.error, raw, `${where}: `);
  const ids = parsed.data.sources.map(({ id }) => id);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined)
    throw inputError('bad-configuration', `${where}: sources: the id ${JSON.stringify(twice)} stands there twice`);
  return parsed.data;
}

function bad(error: z.ZodError, raw: unknown, where: string): Error {
  const lines = error.issues.map((issue) => {
    const value = issue.path.reduce<unknown>(
      (inside, key) => (inside as Record<PropertyKey, unknown> | undefined)?.[key],
      raw,
    );
    const name = issue.path.join('.') || '(root)';
    return /password/i.test(name)
      ? `${name}: ${issue.message}`
      : `${name} = ${JSON.stringify(value) ?? 'missing'}: ${issue.message}`;
  });
  return inputError('bad-configuration', `${where}${lines.join('; ')}`);
}
