import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { until } from './wait.ts';

/** Has it ended, and only waits for its parent to ask how (proc(5), state Z)? */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false; // no /proc on this system, or gone meanwhile
  }
}

/** Does a process with this id run (also when it belongs to another user)? */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function tryLock(path: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const holder = Number(readFileSync(path, 'utf8'));
    // A holder that was killed left its file behind; an empty file is being written at this moment.
    if (holder > 0 && !isAlive(holder)) rmSync(path, { force: true });
    return false;
  }
}

/** Runs `work` while holding a lock file, so that of several processes one works and the others wait. */
export async function withFileLock<T>(path: string, work: () => Promise<T>, timeoutMs = 600_000): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  await until(() => tryLock(path), { timeoutMs, intervalMs: 50, what: `the lock ${path}` });
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}
