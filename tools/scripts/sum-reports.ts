/** Adds Vitest's JSON reports up: `node sum-reports.ts <folder> <steps that failed>`; the last line is the verdict. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests?: number;
  success: boolean;
  testResults: { name: string; status: string; message?: string; assertionResults: unknown[] }[];
}

const [folder = '.', steps = '0'] = process.argv.slice(2);
let [passed, failed, skipped] = [0, Number(steps), 0];
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
for (const file of files) {
  const report = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Report;
  passed += report.numPassedTests;
  skipped += report.numPendingTests + (report.numTodoTests ?? 0);
  failed += report.numFailedTests;
}
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
