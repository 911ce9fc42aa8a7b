import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Service } from '@smartbox/contracts';
import { inputError, SmartBoxError } from '@smartbox/kernel';
import { repoRoot, supervise, tail, until, type Supervised } from '@smartbox/testing';
import { givePrecedence } from './precedence.ts';
import type { StatusBoard } from './status.ts';

export interface ServicePlan {
  /** The service's name; with the room behind it for the capture-edge of each further room. */
  name: string;
  service: Service;
  port: number;
  env: NodeJS.ProcessEnv;
  logFile: string;
  board: StatusBoard;
  /** Told the process id at each start. */
  onStart: (pid: number) => void | Promise<void>;
}

const LOOK_MS = 2000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;
/** A service that ends that often before it was ever ready will not start: nobody waits for it. */
const FAILED_STARTS = 4;
/** After that long without a crash the next one is retried at once again. */
const WELL_AFTER_MS = 30_000;
/** A service gets 10 s for its work in flight (telemetry's bootstrap), then a little more. */
const GRACE_MS = 12_000;

/** One service of the line as a process of its own, started again with backoff when it ends by itself. */
export class ServiceProcess {
  readonly plan: ServicePlan;
  #process: Supervised | undefined;
  #wanted = false;
  #retryMs = FIRST_RETRY_MS;
  #failedStarts = 0;
  #timer: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;

  constructor(plan: ServicePlan) {
    this.plan = plan;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  get url(): string {
    return `http://127.0.0.1:${this.plan.port}`;
  }

  /** Starts it, and from then on keeps it running. @throws SmartBoxError `not-built` */
  async start(): Promise<void> {
    this.#wanted = true;
    await this.#spawn();
    this.#watch ??= setInterval(() => void this.look(), LOOK_MS);
  }

  async #spawn(): Promise<void> {
    const { name, service, env, logFile, board, onStart } = this.plan;
    const main = join(repoRoot(), 'apps', service, 'dist', 'main.js');
    if (!existsSync(main)) throw inputError('not-built', `${main} is missing: run npm run build first`);
    // A small young generation: the services' garbage is buffers, and their memory stays flat (promises.md, fault 35).
    const args = ['--max-semi-space-size=4', main];
    const started = supervise({ command: process.execPath, args, env, logFile, cwd: repoRoot() });
    this.#process = started;
    givePrecedence(service, started.pid);
    const since = performance.now();
    board.set({ kind: 'service', name, state: 'starting', detail: '', pid: started.pid });
    void started.exited.then(({ code, signal }) => {
      if (!this.#wanted || this.#process !== started) return;
      this.#failedStarts++;
      if (performance.now() - since > WELL_AFTER_MS) this.#retryMs = FIRST_RETRY_MS;
      const detail = `ended (${signal ?? `code ${code}`}), again in ${this.#retryMs / 1000} s; see ${logFile}`;
      board.set({ kind: 'service', name, state: 'restarting', detail });
      this.#timer = setTimeout(() => void this.#spawn(), this.#retryMs);
      this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
    });
    await onStart(started.pid);
  }

  /** Looks at `/readyz` once and shows what it says. */
  async look(): Promise<boolean> {
    const { name, board } = this.plan;
    if (!this.#process?.running()) return false;
    const pid = this.pid;
    const answer = await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
    if (!this.#wanted || pid !== this.pid) return false;
    if (answer?.ok) {
      this.#failedStarts = 0;
      board.set({ kind: 'service', name, state: 'ready', detail: this.url, pid });
      return true;
    }
    if (answer) {
      const { checks = {} } = (await answer.json().catch(() => ({}))) as {
        checks?: Record<string, { ok: boolean; reason?: string }>;
      };
      const why = Object.entries(checks).flatMap(([check, { ok, reason }]) =>
        ok ? [] : [`${check}: ${reason ?? ''}`],
      );
      board.set({ kind: 'service', name, state: 'degraded', detail: why.join('; '), pid });
    }
    return false;
  }

  /** @throws SmartBoxError `service-not-ready` with what its log says last. */
  async ready(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const { name, logFile } = this.plan;
    const over = async (): Promise<boolean> =>
      signal?.aborted === true || this.#failedStarts >= FAILED_STARTS || (await this.look());
    const late = await until(over, { timeoutMs, intervalMs: 150 }).then(
      () => false,
      () => true,
    );
    if (signal?.aborted === true || (!late && this.#failedStarts < FAILED_STARTS)) return;
    throw new SmartBoxError({
      code: 'service-not-ready',
      message: `${name} ${late ? `is not ready after ${timeoutMs / 1000} s` : 'does not start'}; ${logFile} says last:\n${complaints(logFile)}`,
      fault: 'ours',
    });
  }

  /** Sends a signal to the process as it is now; when it ends by that it is started again. */
  kill(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  async stop(): Promise<void> {
    const { name, board } = this.plan;
    this.#wanted = false;
    clearTimeout(this.#timer);
    clearInterval(this.#watch);
    this.#watch = undefined;
    if (this.#process?.running()) board.set({ kind: 'service', name, state: 'stopping', detail: '', pid: this.pid });
    await this.#process?.stop(GRACE_MS);
    board.set({ kind: 'service', name, state: 'stopped', detail: '' });
  }
}

/** The errors among the last lines of a service's log (JSON lines), in words; the lines themselves when none is one. */
function complaints(logFile: string): string {
  const lines = tail(logFile, 40).split('\n');
  const errors = lines.flatMap((line) => {
    try {
      const { level, msg, err } = JSON.parse(line) as { level?: string; msg?: string; err?: { message?: string } };
      return level === 'error' || level === 'fatal' ? [[msg, err?.message].filter(Boolean).join(': ')] : [];
    } catch {
      return /error/i.test(line) ? [line] : [];
    }
  });
  return [...new Set(errors)].slice(-3).join('\n') || lines.slice(-8).join('\n');
}
