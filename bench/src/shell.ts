import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { toError } from '@smartbox/kernel';

const run = promisify(execFile);

/** Runs a program and returns its wall-clock time, ms. @throws Error with what it wrote when it fails. */
export async function timed(command: string, ...args: string[]): Promise<number> {
  const start = performance.now();
  await run(command, args).catch((error: unknown) => {
    throw new Error(`${command}: ${toError(error).message} ${(error as { stderr?: string }).stderr ?? ''}`);
  });
  return performance.now() - start;
}

/** `cp` and `sync` of one file: the least that keeping a copy safe on this machine can take. ms */
export async function copyAndSync(from: string, to: string): Promise<number> {
  return (await timed('cp', from, to)) + (await timed('sync', to));
}
