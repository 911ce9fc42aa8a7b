import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withFileLock } from './lock.ts';
import { cacheDir } from './repo.ts';

const run = promisify(execFile);

/**
 * A package and what it needs, from Python's package index, once per machine: for peers that Debian does not have.
 * `name`: with its version, as in `dicomweb-client==0.61.2`. The environment in which `python3` finds it.
 */
export async function pythonWith(name: string): Promise<NodeJS.ProcessEnv> {
  const target = join(cacheDir(), `python-${name.replaceAll('=', '-')}`);
  await withFileLock(`${target}.lock`, async () => {
    if (existsSync(target)) return;
    const making = `${target}.${process.pid}`;
    const pip = ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '--only-binary=:all:'];
    await run('python3', [...pip, '--target', making, name], { timeout: 300_000 });
    await rename(making, target).finally(() => rm(making, { recursive: true, force: true }));
  });
  return { ...process.env, PYTHONPATH: target, NO_PROXY: '*' };
}
