import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * A watcher that outlives `kill -9` of the parent, in POSIX sh so that it costs no memory: a background
 * subshell waits for the end of a pipe that only the parent holds (or for the owner process to go), then stops
 * the server (asked first, killed 5 s later, with its whole process group) and removes its temporary files.
 * A line on the pipe means that the server is gone and the parent is well. The shell itself becomes the server
 * by `exec`, so the child's pid is the server's pid.
 */
const watcher = `
signal=$1; owner=$2; remove=$3; shift 3
(
  if [ "$owner" = pipe ]; then
    if read -r _ <&3; then kill -KILL -$$; exit; fi
  else
    # not kill -0: the owner may belong to another user
    while [ -d "/proc/$owner" ] || ps -p "$owner" >/dev/null 2>&1; do sleep 0.5; kill -0 $$ 2>/dev/null || exit 0; done
  fi
  kill -"$signal" $$ 2>/dev/null
  i=0
  while kill -0 $$ 2>/dev/null && [ $i -lt 50 ]; do sleep 0.1; i=$((i+1)); done
  kill -KILL $$ 2>/dev/null
  if [ -n "$remove" ]; then rm -rf "$remove"; fi
  kill -KILL -$$
) </dev/null >/dev/null 2>&1 &
exec "$@" 3<&-
`;

export interface SuperviseOptions {
  command: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** stdout and stderr are appended here. */
  logFile: string;
  /** How the server is asked to stop when its owner is gone; SIGTERM unless told. */
  stopSignal?: 'TERM' | 'INT';
  uid?: number;
  gid?: number;
  /** Removed when the owner died without stopping the server. */
  temporaryDir?: string;
  /** Tie the server's life to this process instead of the calling one (servers shared by test workers). */
  ownerPid?: number;
}

export interface Supervised {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Resolves with the exit code (null after a signal) when the process is gone. */
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** False from the moment the process is known to be gone. */
  running(): boolean;
  /** Asks it to stop, kills it after `graceMs` (5 s unless told), and waits until it is gone. */
  stop(graceMs?: number): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

/** Starts a process that cannot outlive its owner, not even when the owner is killed with SIGKILL. */
export function supervise(options: SuperviseOptions): Supervised {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, 'a', 0o600);
  const signal = options.stopSignal ?? 'TERM';
  const child = spawn(
    '/bin/sh',
    [
      ...['-c', watcher, 'sh', signal, String(options.ownerPid ?? 'pipe'), options.temporaryDir ?? ''],
      ...[options.command, ...options.args],
    ],
    {
      detached: true, // its own process group: a Ctrl-C in the terminal reaches the launcher only, which stops in order
      stdio: ['ignore', log, log, options.ownerPid === undefined ? 'pipe' : 'ignore'],
      env: options.env ?? process.env,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.uid === undefined ? {} : { uid: options.uid }),
      ...(options.gid === undefined ? {} : { gid: options.gid }),
    },
  );
  closeSync(log);
  if (child.pid === undefined) throw new Error(`could not start ${options.command}`);
  const pid = child.pid;
  let alive = true;
  child.stdio[3]?.on('error', () => undefined); // the watcher may be gone with its group
  if (options.ownerPid !== undefined) child.unref();
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, killedBy) => {
      alive = false;
      const pipe = child.stdio[3];
      if (pipe && 'end' in pipe) pipe.end('gone\n');
      resolve({ code, signal: killedBy });
    });
  });
  const send = (name: NodeJS.Signals): void => {
    if (alive) child.kill(name);
  };
  return {
    pid,
    child,
    exited,
    running: () => alive,
    kill: send,
    async stop(graceMs = 5000) {
      if (!alive) return;
      send(`SIG${signal}`);
      const timer = setTimeout(() => send('SIGKILL'), graceMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** The last lines of a log file, for an error's text. */
export function tail(logFile: string, lines = 12): string {
  try {
    return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}
