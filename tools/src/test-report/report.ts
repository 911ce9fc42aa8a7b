/** The record of one test run (reporter.ts), and the verdict that follows from it. */
import { existsSync, readFileSync } from 'node:fs';

export interface Report {
  files: FileResult[];
  /** Errors outside every test, as an unhandled rejection: their messages. */
  outside: string[];
}

export interface FileResult {
  /** Path of the spec file from the workspace's root. */
  name: string;
  passed: number;
  skipped: number;
  /** One line for each test that failed, or for what broke the file outside its tests. */
  failures: string[];
}

export interface Verdict {
  passed: number;
  failed: number;
  skipped: number;
  /** One line for each failure, so that whoever sees only the end of the output knows where to look. */
  failures: string[];
}

/** The report in a file, or undefined where the run left none. */
export function readReport(file: string): Report | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Report) : undefined;
}

/** Spec files of which a part failed. */
export const failedFiles = ({ files }: Report): string[] =>
  files.filter(({ failures }) => failures.length > 0).map(({ name }) => name);

/** The first run with the files that were run again in place of their first results; errors outside stay. */
export function replaced(first: Report, again: Report): Report {
  const latest = new Map(again.files.map((file) => [file.name, file]));
  return {
    files: first.files.map((file) => latest.get(file.name) ?? file),
    outside: [...first.outside, ...again.outside],
  };
}

export function verdict({ files, outside }: Report): Verdict {
  const failures = [...files.flatMap((file) => file.failures.map((line) => `${file.name}: ${line}`)), ...outside];
  const sum = (of: 'passed' | 'skipped'): number => files.reduce((total, file) => total + file[of], 0);
  return { passed: sum('passed'), failed: failures.length, skipped: sum('skipped'), failures };
}
