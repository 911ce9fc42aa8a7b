import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  HttpEnvironment,
  NatsEnvironment,
  natsOptions,
  readEnvironment,
  StationConfig,
  type NatsSettings,
} from '@smartbox/contracts';
import { inputError, toError } from '@smartbox/kernel';
import { parse } from 'yaml';
import { z } from 'zod';

const Environment = z.object({
  ...HttpEnvironment,
  ...NatsEnvironment,
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
  readonly nats: NatsSettings;
  readonly station: StationConfig;
  readonly spoolDir: string;
  readonly maxSpoolBytes: number;
}

/** A station that listens on loopback only is reached there only, by WebRTC senders too. */
export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\./.test(host);

/**
 * Reads the environment. @throws InvalidConfiguration naming the variables, never their values; SmartBoxError
 * `bad-configuration` naming the field of the station and quoting its value.
 */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const e = readEnvironment(Environment, env);
  const station = readStation(e.STATION_FILE, e.STATION_JSON);
  return {
    port: e.PORT,
    host: e.HOST,
    nats: natsOptions(e),
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
