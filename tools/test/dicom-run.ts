import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const cli = join(import.meta.dirname, '../src/cli.ts');

export interface Run {
  code: number;
  json: Record<string, any>; // eslint-disable-line @typescript-eslint/no-explicit-any
  words: string;
}

/** `smartbox dicom ... --json`, as a user runs it; stdout has to be one JSON value. */
export function dicom(...args: string[]): Promise<Run> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      ['--conditions=@smartbox/source', cli, 'dicom', ...args, '--json'],
      { maxBuffer: 1 << 26 },
      (error, stdout, stderr) => {
        try {
          resolve({ code: error ? Number(error.code ?? 1) : 0, json: JSON.parse(stdout), words: stderr });
        } catch {
          reject(new Error(`dicom ${args.join(' ')}: no JSON, but ${stdout}${stderr}`));
        }
      },
    );
  });
}

export const sha256 = async (file: string) =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
