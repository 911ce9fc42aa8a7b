import { fork, type ChildProcess } from 'node:child_process';
import { setPriority } from 'node:os';
import { SmartBoxError } from '@smartbox/kernel';

export interface ForkOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Scheduling priority, -20 (first) to 19 (last). Below 0 needs the right to it (root, CAP_SYS_NICE, a limit set for the
   * service); without it the priority stays as it is.
   */
  readonly niceness?: number;
  /** Called for each line the child writes to stderr or stdout. */
  readonly onLine?: (line: string) => void;
}

export interface WorkerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last lines of stderr. */
  readonly stderr: string;
}

/** A forked worker with typed messages. Both sides use structured clones, so Buffers and bigints pass. */
export interface Worker<Down, Up> {
  readonly pid: number;
  /** False when the child is gone or its channel closed. */
  send(message: Down): boolean;
  onMessage(listener: (message: Up) => void): void;
  kill(signal?: NodeJS.Signals): void;
  /** Never rejects. */
  readonly exited: Promise<WorkerExit>;
}

const STDERR_TAIL = 4000;

/**
 * Forks a worker module (plain TypeScript or JavaScript, see `childModule`). libuv gets 16 threads, as native
 * pipelines hold one each; from source the workspace packages resolve to their sources.
 */
export function forkWorker<Down, Up>(module: string, options: ForkOptions = {}): Worker<Down, Up> {
  const child = fork(module, [...(options.args ?? [])], {
    serialization: 'advanced',
    execArgv: module.endsWith('.ts') ? ['--conditions=@smartbox/source'] : [],
    env: { ...process.env, UV_THREADPOOL_SIZE: '16', NODE_OPTIONS: '', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  if (options.niceness !== undefined && child.pid !== undefined) prioritise(child.pid, options.niceness);
  const tail = collectTail(child, options.onLine);
  const exited = new Promise<WorkerExit>((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, stderr: `${tail()}${error.message}` }));
    child.once('close', (code, signal) => resolve({ code, signal, stderr: tail() }));
  });
  return {
    pid: child.pid ?? 0,
    send: (message) => {
      if (!child.connected) return false;
      child.send(message as never, () => undefined); // a channel that closes meanwhile shows as `exited`
      return true;
    },
    onMessage: (listener) => void child.on('message', listener as (message: unknown) => void),
    kill: (signal = 'SIGKILL') => void child.kill(signal),
    exited,
  };
}

function prioritise(pid: number, niceness: number): void {
  try {
    setPriority(pid, niceness);
  } catch {
    // not allowed, or gone already
  }
}

function collectTail(child: ChildProcess, onLine?: (line: string) => void): () => string {
  let tail = '';
  let rest = '';
  const take = (chunk: Buffer): void => {
    const text = chunk.toString('utf8');
    tail = (tail + text).slice(-STDERR_TAIL);
    if (!onLine) return;
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim()) onLine(line);
  };
  child.stderr?.on('data', take);
  child.stdout?.on('data', take);
  return () => tail;
}

/** A worker that ended without an answer, as an error that quotes what it last said. */
export function workerDied(what: string, exit: WorkerExit): SmartBoxError {
  const how = exit.signal ? `signal ${exit.signal}` : `exit code ${exit.code ?? 'unknown'}`;
  const said = exit.stderr.trim().split('\n').slice(-6).join(' | ');
  return new SmartBoxError({
    code: 'worker-died',
    message: `${what} ended with ${how}${said ? `: ${said}` : ' and said nothing'}`,
    fault: 'ours',
    retryable: true,
    details: { code: exit.code, signal: exit.signal },
  });
}
