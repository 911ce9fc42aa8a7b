import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SmartBoxError, toError } from '@smartbox/kernel';
import { supervise, tail, type SuperviseOptions, type Supervised } from '../supervise.ts';
import { until } from '../wait.ts';
import type { ServerControl } from './server.ts';

/** A password or key that needs no escaping anywhere: hexadecimal, 32 characters unless told. */
export function randomSecret(characters = 32): string {
  return randomBytes(Math.ceil(characters / 2))
    .toString('hex')
    .slice(0, characters);
}

/** The data directory to use, and what to remove at the end. */
export async function prepareDataDir(
  given: string | undefined,
  name: string,
): Promise<{ dir: string; temporary: boolean }> {
  if (given === undefined) return { dir: await mkdtemp(join(tmpdir(), `smartbox-${name}-`)), temporary: true };
  await mkdir(given, { recursive: true });
  return { dir: given, temporary: false };
}

export interface LocalServer extends ServerControl {
  pid(): number;
}

interface LocalServerOptions {
  name: string;
  command: () => SuperviseOptions | Promise<SuperviseOptions>;
  /** Truthy as soon as the server answers its own protocol; it may throw until then. */
  ready: () => Promise<boolean>;
  /** Milliseconds the server gets to stop by itself. */
  graceMs?: number;
  startTimeoutMs?: number;
  cleanUp?: () => Promise<void>;
}

/** Starts a server process and gives it the life-cycle that every launcher of this folder returns. */
export async function startLocal(options: LocalServerOptions): Promise<LocalServer> {
  let process: Supervised | undefined;
  const start = async (): Promise<void> => {
    if (process?.running()) return;
    const command = await options.command();
    const started = supervise(command);
    process = started;
    try {
      await until(
        () => {
          if (!started.running()) return 'gone' as const;
          return options.ready().then((ready) => (ready ? ('ready' as const) : undefined));
        },
        { timeoutMs: options.startTimeoutMs ?? 60_000, what: `${options.name} answering` },
      ).then((outcome) => {
        if (outcome === 'gone') throw new Error(`${options.name} ended while starting`);
      });
    } catch (error) {
      await started.stop(0);
      throw new SmartBoxError({
        code: 'server-start-failed',
        message: `${options.name} did not start (${toError(error).message}); the end of ${command.logFile}:\n${tail(command.logFile)}`,
        fault: 'theirs',
        cause: error,
      });
    }
  };
  try {
    await start();
  } catch (error) {
    await options.cleanUp?.();
    throw error;
  }
  const current = (): Supervised => {
    if (!process) throw new Error(`${options.name} was never started`);
    return process;
  };
  return {
    pid: () => current().pid,
    start,
    async stop() {
      await current().stop(options.graceMs ?? 5000);
      await options.cleanUp?.();
    },
    async kill(signal = 'SIGKILL') {
      current().kill(signal);
      if (signal === 'SIGKILL') await current().exited;
    },
    async restart(signal) {
      if (signal === undefined) await current().stop(options.graceMs ?? 5000);
      else {
        current().kill(signal);
        await current().exited;
      }
      await start();
    },
  };
}

/** Life-cycle of a server that is not ours: `stop()` does nothing, the rest is refused. */
export function foreignControl(name: string, stop: () => Promise<void> = async () => undefined): ServerControl {
  const refuse = async (): Promise<never> => {
    throw new SmartBoxError({
      code: 'server-not-ours',
      message: `${name} was given by URL: it cannot be restarted or killed from here`,
      fault: 'input',
    });
  };
  return { stop, restart: refuse, kill: refuse, start: refuse };
}

export async function removeDir(dir: string): Promise<void> {
  await rm(dir, { recursive: true, force: true, maxRetries: 3 });
}
