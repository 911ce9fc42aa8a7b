import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of the checkout: the nearest ancestor whose package.json is called `smartbox`. */
export function repoRoot(): string {
  for (let dir = import.meta.dirname; ; dir = dirname(dir)) {
    const manifest = join(dir, 'package.json');
    if (existsSync(manifest) && readFileSync(manifest, 'utf8').includes('"name": "smartbox"')) return dir;
    if (dir === dirname(dir)) throw new Error(`no package.json named smartbox above ${import.meta.dirname}`);
  }
}

/** Where downloaded server binaries are kept: `SMARTBOX_CACHE`, else `.smartbox/cache` of the checkout. */
export function cacheDir(): string {
  return process.env['SMARTBOX_CACHE'] ?? join(repoRoot(), '.smartbox', 'cache');
}
