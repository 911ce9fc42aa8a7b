import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism, setPriority } from 'node:os';

/** A neighbour begins beside the capture (tools/src/launcher/precedence.ts), and ends with nearly all of the core. */
const FIRST_NICENESS = -10;
const LAST_NICENESS = -20;
/** What is told of the capture is up to three seconds old: a few steps too far must not starve it. */
const STEP = -1;
const MOST = 5;

interface Neighbour {
  readonly process: ChildProcess;
  niceness: number;
}

/**
 * The last core of this machine, filled up: a service with all of its processes has it only, and shares it with
 * neighbours that never rest and take more and more of it, one after the other. The other cores stay free. Bounded: a
 * minute of processor time for each.
 */
export class FullCore {
  readonly #core = String(availableParallelism() - 1);
  readonly #pids: readonly number[];
  readonly #neighbours: Neighbour[] = [];

  /** @param pid of the service. */
  constructor(pid: number) {
    this.#pids = [pid, ...childrenOf(pid)];
    for (const each of this.#pids) pin(each, this.#core);
  }

  /** A step more for the last neighbour, or one more neighbour. */
  more(): void {
    const last = this.#neighbours.at(-1);
    if (last && last.niceness > LAST_NICENESS) {
      last.niceness += STEP;
      prefer(last);
    } else if (this.#neighbours.length < MOST) {
      const endless = ['-c', this.#core, 'sh', '-c', 'ulimit -t 60; while :; do :; done'];
      const process = spawn('taskset', endless, { detached: true, stdio: 'ignore' });
      const one = { process, niceness: FIRST_NICENESS };
      this.#neighbours.push(one);
      prefer(one);
    }
  }

  /** At which priority each runs. */
  get nicenesses(): number[] {
    return this.#neighbours.map(({ niceness }) => niceness);
  }

  free(): void {
    for (const { process } of this.#neighbours.splice(0)) process.kill('SIGKILL');
    for (const pid of this.#pids) pin(pid, `0-${this.#core}`);
  }
}

function prefer({ process: { pid }, niceness }: Neighbour): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, niceness);
    // Each service is a session of its own, and so is this: Linux shares between sessions first.
    writeFileSync(`/proc/${pid}/autogroup`, String(niceness));
  } catch {
    // no such kernel: then the priority of the process counts; or its minute is over
  }
}

function childrenOf(pid: number): number[] {
  const text = execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
  return text.split('\n').map(Number).filter(Boolean);
}

function pin(pid: number, cores: string): void {
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', cores, String(pid)], { stdio: 'ignore' });
}
