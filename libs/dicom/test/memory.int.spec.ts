import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

it('a 12 GB object passes through less than 300 MB', () => {
  const length = 12 * 2 ** 30 + 1;
  const child = join(import.meta.dirname, 'write-dummy.ts');
  const out = execFileSync(
    process.execPath,
    ['--max-old-space-size=512', '--conditions=@smartbox/source', child, String(length)],
    {
      encoding: 'utf8',
    },
  );
  const result = JSON.parse(out);
  expect(result).toMatchObject({ fragments: 13, written: result.totalLength });
  expect(result.written).toBeGreaterThan(length);
  expect(result.maxRssMb).toBeLessThan(300);
});
