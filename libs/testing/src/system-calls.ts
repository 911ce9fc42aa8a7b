import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What a process asked of the kernel, one call a line in the order of their ends, as strace writes it. */
export interface SystemCalls {
  /** Number of the first line behind `after` that matches and contains the text; -1: none. */
  find: (call: RegExp, text: string, after?: number) => number;
  stop: () => Promise<void>;
}

const WATCHED = ['write', 'writev', 'pwrite64', 'sendto', 'fsync', 'fdatasync'];

/**
 * Watches what a running process writes and syncs, in all its threads, by strace (Debian's package; needs the right to
 * trace it). Resolves when it is attached.
 */
export async function watchSystemCalls(pid: number): Promise<SystemCalls> {
  const tracer = spawn('strace', ['-f', '-y', '-s', '200', '-e', `trace=${WATCHED.join(',')}`, '-p', String(pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const lines: string[] = [];
  const ended = new Promise<void>((resolve) => tracer.once('close', () => resolve()));
  const attached = Promise.withResolvers<void>();
  createInterface({ input: tracer.stderr }).on('line', (line) => {
    lines.push(line);
    if (/Process \d+ attached/.test(line)) attached.resolve();
  });
  tracer.once('error', attached.reject);
  void ended.then(() => attached.reject(new Error(`strace ended: ${lines.join('\n')}`)));
  await attached.promise;
  return {
    find: (call, text, after = -1) => lines.findIndex((line, i) => i > after && call.test(line) && line.includes(text)),
    async stop() {
      tracer.kill('SIGINT');
      await ended;
    },
  };
}
