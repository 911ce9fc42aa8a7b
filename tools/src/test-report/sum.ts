/**
 * Adds the reports of test runs up: `node sum.ts <folder> <steps that failed> <project>...`. Where the failed files of
 * a project were run again (`<project>.again.json`), that run counts for them, and what needed it is named. The
 * last line is the verdict of the whole test command.
 */
import { join } from 'node:path';

import { readReport, replaced, verdict } from './report.ts';

const [folder = '.', steps = '0', ...projects] = process.argv.slice(2);
let [passed, failed, skipped] = [0, Number(steps), 0];
for (const project of projects) {
  const first = readReport(join(folder, `${project}.json`));
  if (!first) {
    console.log(`the ${project} tests left no report`);
    failed++;
    continue;
  }
  const again = readReport(join(folder, `${project}.again.json`));
  if (again) for (const line of verdict(first).failures) console.log(`failed at first, run again: ${line}`);
  const found = verdict(again ? replaced(first, again) : first);
  passed += found.passed;
  failed += found.failed;
  skipped += found.skipped;
  for (const line of found.failures) console.log(`failed: ${line}`);
}
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
