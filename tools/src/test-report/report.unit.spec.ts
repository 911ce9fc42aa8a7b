import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { failedFiles, type FileResult, readReport, replaced, type Report, verdict } from './report.ts';

const file = (name: string, passed: number, ...failures: string[]): FileResult => ({
  name,
  passed,
  skipped: 0,
  failures,
});
const report = (...files: FileResult[]): Report => ({ files, outside: [] });

describe('files that were run again', () => {
  const first = report(file('a.spec.ts', 1, 'late'), file('b.spec.ts', 0, 'no such module'), file('c.spec.ts', 1));

  it('are those of which a part failed', () => {
    expect(failedFiles(first)).toEqual(['a.spec.ts', 'b.spec.ts']);
  });

  it('count as the second run says, the others as the first', () => {
    const again = report(file('a.spec.ts', 2), file('b.spec.ts', 1));
    expect(verdict(replaced(first, again))).toEqual({ passed: 4, failed: 0, skipped: 0, failures: [] });
  });

  it('stay failed where they fail again or are missing from the second run', () => {
    const failures = ['a.spec.ts: late', 'b.spec.ts: no such module'];
    expect(verdict(replaced(first, report(file('a.spec.ts', 1, 'late')))).failures).toEqual(failures);
  });

  it('do not make good what broke outside the tests', () => {
    const outside = ['outside every test: lost'];
    const again = report(file('a.spec.ts', 2), file('b.spec.ts', 1));
    expect(verdict(replaced({ ...first, outside }, again))).toMatchObject({ failed: 1, failures: outside });
  });
});

describe('the report of a real run', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(process.cwd(), 'test-results-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('names every failure: of a test, of a hook, of a file, of nobody', async () => {
    const specs: Record<string, string> = {
      'tests.x.ts': `describe('a', () => { it('holds', () => {}); it('breaks', () => { throw new Error('one\\ntwo'); }); it.skip('waits', () => {}); });`,
      'hook.x.ts': `describe('b', () => { beforeAll(() => { throw new Error('no server'); }); it('never runs', () => {}); });`,
      'file.x.ts': `throw new Error('cannot be loaded');`,
      'nobody.x.ts': `it('holds', async () => { void Promise.reject(new Error('lost')); await new Promise((r) => setImmediate(r)); });`,
    };
    for (const [name, text] of Object.entries(specs)) await writeFile(join(folder, name), text);
    await writeFile(
      join(folder, 'vitest.config.js'),
      `export default { test: { globals: true, include: ['*.x.ts'] } };`,
    );
    const written = join(folder, 'report.json');
    const reporter = join(import.meta.dirname, 'reporter.ts');
    const vitest = join(process.cwd(), 'node_modules/vitest/vitest.mjs');
    const run = promisify(execFile)(process.execPath, [vitest, 'run', `--reporter=${reporter}`], {
      cwd: folder,
      env: { ...process.env, TEST_REPORT: written },
    });
    await expect(run).rejects.toMatchObject({ code: 1 });
    const found = verdict(readReport(written) ?? report());
    expect(found.failures.sort()).toEqual([
      'file.x.ts: cannot be loaded',
      'hook.x.ts: no server',
      'outside every test: lost',
      'tests.x.ts: a > breaks: one',
    ]);
    expect(found).toMatchObject({ passed: 2, failed: 4, skipped: 2 });
  });
});
