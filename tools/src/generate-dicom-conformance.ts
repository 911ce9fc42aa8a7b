/** Writes the tables of docs/dicom-conformance.md from those of the code: `npm run generate`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { withConformanceSections } from './dicom-conformance.ts';

const path = new URL('../../docs/dicom-conformance.md', import.meta.url);
writeFileSync(path, withConformanceSections(readFileSync(path, 'utf8')));
