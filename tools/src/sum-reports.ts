/**
 * Adds Vitest's JSON reports up: `node sum-reports.ts <folder> <steps that failed> <project>...`. The last line is
 * the verdict of the whole test command.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  success: boolean;
  testResults: FileReport[];
}

interface FileReport {
  name: string;
  status: string;
  /** What broke where no test did. */
  message?: string;
  assertionResults: { status: string; fullName: string; failureMessages?: string[] | null }[];
}

/** Failures that are no test's: a file that could not be loaded, an unhandled error, a run that broke off. */
function failuresOutsideTests(report: Report): number {
  const broken = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((assertion) => assertion.status === 'failed'),
  ).length;
  return broken === 0 && report.numFailedTests === 0 && !report.success ? 1 : broken;
}

/** One line for each failure, so that whoever sees only the end of the output knows where to look. */
function* failuresOf(report: Report): Generator<string> {
  for (const { name, status, message, assertionResults } of report.testResults) {
    const file = relative(process.cwd(), name);
    const failed = assertionResults.filter((assertion) => assertion.status === 'failed');
    for (const { fullName, failureMessages } of failed)
      yield `${file}: ${fullName}: ${firstLine(failureMessages?.[0])}`;
    if (status === 'failed' && failed.length === 0) yield `${file}: ${firstLine(message)}`;
  }
}

const firstLine = (text = ''): string => text.split('\n', 1)[0]?.slice(0, 300) ?? '';

const [folder = '.', steps = '0', ...projects] = process.argv.slice(2);
let [passed, failed, skipped] = [0, Number(steps), 0];
for (const project of projects) {
  const file = join(folder, `${project}.json`);
  if (!existsSync(file)) {
    console.log(`the ${project} tests left no report`);
    failed++;
    continue;
  }
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  passed += report.numPassedTests;
  skipped += report.numPendingTests + report.numTodoTests;
  failed += report.numFailedTests + failuresOutsideTests(report);
  for (const line of failuresOf(report)) console.log(`failed: ${line}`);
}
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
