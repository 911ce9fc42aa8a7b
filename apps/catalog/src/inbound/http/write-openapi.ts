/** Writes docs/api/openapi.json: `nx run @smartbox/catalog:generate`. */
import { writeFile } from 'node:fs/promises';
import { openApi } from './openapi.ts';

await writeFile(
  new URL('../../../../../docs/api/openapi.json', import.meta.url),
  `${JSON.stringify(openApi(), null, 2)}\n`,
);
