import { execFile } from 'node:child_process';
import { join } from 'node:path';

const cli = join(import.meta.dirname, '../src/cli.ts');

interface Run {
  code: number;
  json: Record<string, any>; // eslint-disable-line @typescript-eslint/no-explicit-any
  words: string;
}

/** `smartbox dicom ... --json`, as a user runs it; stdout has to be one JSON value. */
export function dicom(...args: string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--conditions=@smartbox/source', cli, 'dicom', ...args, '--json'],
      { maxBuffer: 1 << 26 },
      (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code ?? 1) : 0, json: JSON.parse(stdout), words: stderr }),
    );
  });
}
