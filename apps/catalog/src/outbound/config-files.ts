import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Recipe, StationConfig } from '@smartbox/contracts';
import { inputError, toError } from '@smartbox/kernel';
import { parse } from 'yaml';
import type { z } from 'zod';

/**
 * Every `*.yaml` of a folder, checked. @throws SmartBoxError `invalid-config` naming the file and the field.
 */
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
    const value = check(file, await readFile(file, 'utf8'), schema);
    const id = idOf(value);
    const before = found.get(id);
    if (before) throw inputError('invalid-config', `${file}: ${JSON.stringify(id)} stands in ${before.file} too`);
    found.set(id, { file, value });
  }
  if (found.size === 0) throw inputError('invalid-config', `the folder ${folder} has no .yaml file`);
  return [...found.values()].map(({ value }) => value);
}

function check<T extends z.ZodType>(file: string, text: string, schema: T): z.output<T> {
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
  const quoted = given === undefined ? 'is missing' : `is ${JSON.stringify(given)}`;
  throw inputError('invalid-config', `${file}: ${path.join('.') || 'the file'} ${quoted}: ${issue?.message}`);
}

/** `<configDir>/recipes/*.yaml` in the order of their file names; the first is the default. */
export const readRecipes = (configDir: string) => readFolder(join(configDir, 'recipes'), Recipe, (r) => r.name);
/** `<configDir>/stations/*.yaml` */
export const readStations = (configDir: string) => readFolder(join(configDir, 'stations'), StationConfig, (s) => s.id);
