import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { withConformanceSections } from './dicom-conformance.ts';

it('the conformance statement on disk says what the code does', () => {
  const onDisk = readFileSync(new URL('../../docs/dicom-conformance.md', import.meta.url), 'utf8');
  expect(withConformanceSections(onDisk)).toBe(onDisk);
});
