import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Progress } from './server.ts';

const run = promisify(execFile);

/** Compares dotted numeric versions: negative when `a` is older than `b`. */
export function compareVersions(a: string, b: string): number {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The version of a binary on PATH when it is there and new enough; otherwise undefined, with a word about why. */
export async function versionOnPath(
  command: string,
  args: readonly string[],
  oldest: string,
  progress: Progress,
): Promise<string | undefined> {
  const output = await run(command, [...args]).then(
    (result) => result.stdout + result.stderr,
    () => undefined,
  );
  const version = output === undefined ? undefined : /(\d+\.\d+(?:\.\d+)?)/.exec(output)?.[1];
  if (version === undefined) return undefined;
  if (compareVersions(version, oldest) >= 0) return version;
  progress(`${command} ${version} on PATH is older than ${oldest}: not used, the embedded one is taken instead`);
  return undefined;
}
