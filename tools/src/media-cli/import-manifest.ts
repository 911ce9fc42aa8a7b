import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { CreateImport, Token } from '@smartbox/contracts';
import { inputError } from '@smartbox/kernel';
import { z } from 'zod';

/** One line of a manifest: a file, and whose it is. */
const Line = CreateImport.omit({ sha256: true }).extend({
  /** Beside the manifest, or an absolute path. */
  file: z.string().min(1),
  stationId: Token.optional(),
});

export interface Listed {
  /** As the manifest names it. */
  readonly source: string;
  readonly path: string;
  readonly about: Omit<z.output<typeof CreateImport>, 'sha256' | 'stationId'> & { stationId?: string | undefined };
}
/** A line that cannot be used, and why. */
export interface Unusable {
  readonly source: string;
  readonly reason: string;
}

const COLUMNS = ['file', 'patientName', 'patientId', 'birthDate', 'sex', 'accessionNumber', 'recordedAt', 'stationId', 'recipe', 'description', 'archive']; // prettier-ignore

/** A JSON array, or CSV (RFC 4180) with a line of names. @throws SmartBoxError `bad-manifest` where it is neither */
export async function readManifest(path: string): Promise<(Listed | Unusable)[]> {
  const text = (await readFile(path, 'utf8')).replace(/^\uFEFF/, '');
  const lines = /^\s*\[/.test(text) ? fromJson(text, path) : fromCsv(text, path);
  return lines.map((line, i) => {
    const named = (line as { file?: unknown } | null)?.file;
    const source = typeof named === 'string' && named !== '' ? named : `entry ${i + 1}`;
    const parsed = Line.safeParse(line);
    if (!parsed.success) return { source, reason: wrong(line, parsed.error) };
    const { file, ...about } = parsed.data;
    return { source, path: resolve(dirname(path), file), about };
  });
}

function wrong(line: unknown, { issues }: z.ZodError): string {
  return issues
    .map(({ path, message }) => {
      const value = path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], line);
      const shown = value === undefined ? '' : `, not ${JSON.stringify(value).slice(0, 60)}`;
      return `${path.join('.')}: ${message}${shown}`;
    })
    .join('; ');
}

function fromJson(text: string, path: string): unknown[] {
  try {
    return z.array(z.unknown()).parse(JSON.parse(text));
  } catch (error) {
    throw inputError('bad-manifest', `${path} is no JSON array: ${(error as Error).message}`);
  }
}

function fromCsv(text: string, path: string): unknown[] {
  const [names = [], ...rows] = csvRows(text);
  const unknown = names.find((name) => !COLUMNS.includes(name));
  if (unknown !== undefined || !names.includes('file'))
    throw inputError('bad-manifest', `${path} has the column ${JSON.stringify(unknown ?? names[0])}; known are ${COLUMNS.join(', ')}, and file is needed`); // prettier-ignore
  return rows.map((row) => {
    const of = Object.fromEntries(names.flatMap((name, i) => (row[i] ? [[name, row[i]]] : [])));
    const { patientName: name, patientId: id, birthDate, sex, archive, ...rest } = of;
    const patient = Object.fromEntries(Object.entries({ name, id, birthDate, sex }).filter(([, v]) => v !== undefined));
    return { ...rest, patient, ...(archive === undefined ? {} : { archive: archive === 'true' ? true : archive === 'false' ? false : archive }) }; // prettier-ignore
  });
}

/** RFC 4180: a field in quotes may hold commas, line ends and doubled quotes. Empty lines are left out. */
function csvRows(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, quoted, bare = '', end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r?\n|$)/g)) {
    row.push(quoted === undefined ? bare.trim() : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    if (row.some((field) => field !== '')) rows.push(row);
    row = [];
  }
  return rows;
}
