import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism, setPriority } from 'node:os';

/** From less than what the capture has (tools/src/launcher/precedence.ts) to a little more, step by step. */
const FIRST_NICENESS = 0;
const LAST_NICENESS = -12;
const STEP = -2;

/**
 * The last core of this machine, filled up: a service with all of its processes has it only, and shares it with one
 * that never rests and takes more and more of it. The other cores stay free. Bounded: a minute of processor time.
 */
export class FullCore {
  readonly #core = String(availableParallelism() - 1);
  readonly #pids: readonly number[];
  #burner: ChildProcess | undefined;
  #niceness = FIRST_NICENESS - STEP;

  /** @param pid of the service. */
  constructor(pid: number) {
    this.#pids = [pid, ...childrenOf(pid)];
    for (const each of this.#pids) pin(each, this.#core);
  }

  /** It takes more. */
  more(): void {
    const endless = ['-c', this.#core, 'sh', '-c', 'ulimit -t 60; while :; do :; done'];
    this.#burner ??= spawn('taskset', endless, { detached: true, stdio: 'ignore' });
    this.#niceness = Math.max(LAST_NICENESS, this.#niceness + STEP);
    const { pid } = this.#burner;
    if (pid === undefined) return;
    setPriority(pid, this.#niceness);
    try {
      // Each service is a session of its own, and so is this: Linux shares between sessions first.
      writeFileSync(`/proc/${pid}/autogroup`, String(this.#niceness));
    } catch {
      // no such kernel: then the priority of the process counts
    }
  }

  /** At which priority it runs. */
  get niceness(): number {
    return this.#niceness;
  }

  rest(): void {
    this.#burner?.kill('SIGKILL');
    this.#burner = undefined;
  }

  free(): void {
    this.rest();
    for (const pid of this.#pids) pin(pid, `0-${this.#core}`);
  }
}

function childrenOf(pid: number): number[] {
  const text = execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
  return text.split('\n').map(Number).filter(Boolean);
}

function pin(pid: number, cores: string): void {
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', cores, String(pid)], { stdio: 'ignore' });
}
