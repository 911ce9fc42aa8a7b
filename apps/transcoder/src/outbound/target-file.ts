import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ExportTargetsFile, type ExportTarget } from '@smartbox/contracts';
import { inputError, toError } from '@smartbox/kernel';
import { parse } from 'yaml';

/**
 * `<configDir>/export-targets.yaml`; none where there is no such file. Read for each use: a target is added without a
 * restart. @throws SmartBoxError `invalid-config` naming the file and the field
 */
export async function readTargets(configDir: string | undefined): Promise<ExportTarget[]> {
  const file = join(configDir ?? '', 'export-targets.yaml');
  if (configDir === undefined || !existsSync(file)) return [];
  let content: unknown;
  try {
    content = parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw inputError('invalid-config', `${file}: ${toError(error).message}`);
  }
  const { data, error } = ExportTargetsFile.safeParse(content);
  const [issue] = error?.issues ?? [];
  if (!data) throw inputError('invalid-config', `${file}: ${issue?.path.join('.')}: ${issue?.message}`);
  const names = data.targets.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw inputError('invalid-config', `${file}: ${JSON.stringify(twice)} stands there twice`);
  return data.targets;
}
