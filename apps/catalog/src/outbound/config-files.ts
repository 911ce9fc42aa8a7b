import { existsSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  AuditFile,
  Recipe,
  RetentionFile,
  SignInFile,
  StationConfig,
  WebhooksFile,
  type ProviderConfig,
} from '@smartbox/contracts';
import { inputError, toError } from '@smartbox/kernel';
import { parse } from 'yaml';
import type { z } from 'zod';
import type { Webhook } from '../application/webhooks.ts';

/** Every `*.yaml` of a folder, checked. @throws SmartBoxError `invalid-config` naming the file and the field. */
async function readFolder<T extends z.ZodType>(
  folder: string,
  schema: T,
  idOf: (value: z.output<T>) => string,
): Promise<z.output<T>[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw inputError('invalid-config', `the folder ${folder} cannot be read: ${toError(error).message}`);
  });
  const found = new Map<string, { file: string; value: z.output<T> }>();
  for (const name of names.filter((n) => /\.ya?ml$/.test(n)).sort()) {
    const file = join(folder, name);
    const value = checkConfig(file, await readFile(file, 'utf8'), schema);
    const id = idOf(value);
    const before = found.get(id);
    if (before) throw inputError('invalid-config', `${file}: ${JSON.stringify(id)} stands in ${before.file} too`);
    found.set(id, { file, value });
  }
  return [...found.values()].map(({ value }) => value);
}

/** @throws SmartBoxError `invalid-config` naming file, field and value; a secret is never quoted. */
export function checkConfig<T extends z.ZodType>(file: string, text: string, schema: T): z.output<T> {
  let content: unknown;
  try {
    content = parse(text);
  } catch (error) {
    throw inputError('invalid-config', `${file}: ${toError(error).message}`);
  }
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.map(String) ?? [];
  const given = path.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], content);
  const isSecret = path.some((part) => /secret|password|token|key/i.test(part));
  const quoted = given === undefined ? 'is missing' : isSecret ? 'is wrong' : `is ${JSON.stringify(given)}`;
  throw inputError('invalid-config', `${file}: ${path.join('.') || 'the file'} ${quoted}: ${issue?.message}`);
}

/** `<configDir>/recipes/*.yaml` in the order of their file names; the first is the default. */
export async function readRecipes(configDir: string): Promise<Recipe[]> {
  const folder = join(configDir, 'recipes');
  const recipes = await readFolder(folder, Recipe, (r) => r.name);
  if (recipes.length === 0) throw inputError('invalid-config', `the folder ${folder} has no .yaml file`);
  return recipes;
}

/** `<configDir>/stations/*.yaml`; none where none is set up yet: the web app then helps with the first one. */
export async function readStations(configDir: string): Promise<StationConfig[]> {
  const folder = join(configDir, 'stations');
  return existsSync(folder) ? readFolder(folder, StationConfig, (s) => s.id) : [];
}

/** `<configDir>/webhooks.yaml`; none where there is no such file. A secret in a file of its own is read for each use. */
export async function readWebhooks(configDir: string): Promise<Webhook[]> {
  const file = join(configDir, 'webhooks.yaml');
  if (!existsSync(file)) return [];
  const { webhooks } = checkConfig(file, await readFile(file, 'utf8'), WebhooksFile);
  const names = webhooks.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw inputError('invalid-config', `${file}: ${JSON.stringify(twice)} stands there twice`);
  return webhooks.map(({ secret, ...rest }) => ({ ...rest, secret: reader(configDir, secret) }));
}

/** `<configDir>/audit.yaml`; undefined where there is no such file. */
export async function readAudit(configDir: string): Promise<AuditFile | undefined> {
  const file = join(configDir, 'audit.yaml');
  return existsSync(file) ? checkConfig(file, await readFile(file, 'utf8'), AuditFile) : undefined;
}

/** The hospital's own sign-in; the secret as it is now. */
export type Provider = Omit<ProviderConfig, 'clientSecret'> & { clientSecret: (() => string) | undefined };

/** `<configDir>/sign-in.yaml`; undefined where there is no such file. */
export async function readProvider(configDir: string): Promise<Provider | undefined> {
  const file = join(configDir, 'sign-in.yaml');
  if (!existsSync(file)) return undefined;
  const { clientSecret, ...provider } = checkConfig(file, await readFile(file, 'utf8'), SignInFile).provider;
  return { ...provider, clientSecret: clientSecret === undefined ? undefined : reader(configDir, clientSecret) };
}

/** A secret that stands in a file of its own is read for each use. */
function reader(configDir: string, secret: string | { file: string }): () => string {
  if (typeof secret === 'string') return () => secret;
  const path = resolve(configDir, secret.file);
  return () => readFileSync(path, 'utf8').trim();
}

/** `<configDir>/retention.yaml`; undefined where there is no such file: nothing is ever removed. */
export async function readRetention(configDir: string): Promise<RetentionFile | undefined> {
  const file = join(configDir, 'retention.yaml');
  return existsSync(file) ? checkConfig(file, await readFile(file, 'utf8'), RetentionFile) : undefined;
}
