/**
 * A Vitest reporter that writes what report.ts reads, to the file that TEST_REPORT names. Vitest's own JSON report
 * leaves out errors outside the tests, which must not pass unseen.
 */
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';

import type { Reporter, SerializedError, TestModule } from 'vitest/node';

import type { FileResult, Report } from './report.ts';

export default class FileReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const file = process.env['TEST_REPORT'];
    if (!file) throw new Error('TEST_REPORT is not set: it names the file to write the report to');
    const report: Report = {
      files: modules.map(resultOf),
      outside: unhandled.map((error) => `outside every test: ${firstLine(error)}`),
    };
    writeFileSync(file, JSON.stringify(report));
  }
}

function resultOf(module: TestModule): FileResult {
  const tests = [...module.children.allTests()].map((test) => ({ name: test.fullName, ...test.result() }));
  const failures = [...module.errors(), ...[...module.children.allSuites()].flatMap((suite) => suite.errors())].map(
    (error) => firstLine(error),
  );
  for (const { name, state, errors } of tests)
    if (state === 'failed') failures.push(`${name}: ${firstLine(errors[0])}`);
  const count = (state: string): number => tests.filter((test) => test.state === state).length;
  return {
    name: relative(process.cwd(), module.moduleId),
    passed: count('passed'),
    skipped: tests.length - count('passed') - count('failed'),
    failures,
  };
}

const firstLine = (error?: Pick<SerializedError, 'message'>): string =>
  (error?.message ?? 'no reason given').split('\n', 1)[0]?.slice(0, 300) ?? '';
