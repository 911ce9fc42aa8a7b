/**
 * Adds Vitest's JSON reports up: `node sum-reports.ts <folder> <steps that failed> <project>...`. The last line is
 * the verdict of the whole test command.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  success: boolean;
  testResults: { name: string; status: string; assertionResults: { status: string }[] }[];
}

/** Failures that are no test's: a file that could not be loaded, an unhandled error, a run that broke off. */
function failuresOutsideTests(report: Report): number {
  const broken = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((assertion) => assertion.status === 'failed'),
  ).length;
  return broken === 0 && report.numFailedTests === 0 && !report.success ? 1 : broken;
}

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
}
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
