import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

it('a 6 GB object passes through less than 300 MB', () => {
  const length = 6 * 2 ** 30 + 1;
  const child = join(import.meta.dirname, 'write-dummy.ts');
  const out = execFileSync(process.execPath, ['--conditions=@smartbox/source', child, String(length)], {
    encoding: 'utf8',
  });
  const result = JSON.parse(out);
  expect(result).toMatchObject({ fragments: 7, written: result.totalLength });
  expect(result.written).toBeGreaterThan(length);
  expect(result.maxRssMb).toBeLessThan(300);
});
