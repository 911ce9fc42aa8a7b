/** `npm run sbom [-- FILE]`: what SmartBox is made of, as CycloneDX 1.5; fails where a licence is not one of those allowed. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { refusedLicences, type Bom } from './licences.ts';

const file = process.argv[2] ?? 'dist/smartbox.cdx.json';
const bom = execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev'], {
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
});
const { components } = JSON.parse(bom) as Bom;
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, bom);
const refused = refusedLicences(components);
console.log(`${file}: ${components.length} components`);
for (const line of refused) console.error(line);
if (refused.length > 0) process.exitCode = 1;
