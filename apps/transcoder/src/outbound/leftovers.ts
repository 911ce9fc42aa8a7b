import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** `edit-<pid>-x7Gh2K`: made by the process with that number. */
const OWNER = /^[a-z]+-(\d+)-\w+$/;

/** Removes what processes that were killed have left in the scratch folder, and ends their jobs that stood still. */
export async function clearLeftovers(scratch: string): Promise<void> {
  for (const name of await readdir(scratch).catch(() => [])) {
    const pid = OWNER.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(scratch, name), { recursive: true, force: true });
  }
  for (const pid of await stoppedOrphans()) process.kill(pid, 'SIGKILL');
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return false; // a container gives the same number again
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Jobs that cannot notice the end of their parent, as they are stopped (proc(5)); none where there is no /proc. */
async function stoppedOrphans(): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(name)) continue;
    const [stat, command] = await Promise.all([
      readFile(`/proc/${name}/stat`, 'utf8').catch(() => ''),
      readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => ''),
    ]);
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'T' && parent === '1' && /transcoder\/(src|dist)\/worker\//.test(command)) found.push(Number(name));
  }
  return found;
}
