import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, writeFile, appendFile, chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { brokerUsers } from '@smartbox/contracts';
import { inputError } from '@smartbox/kernel';
import { isAlive, randomSecret, until } from '@smartbox/testing';

/** Made at the first start, kept with mode 0600. */
export interface Credentials {
  /** Who may do everything at the broker: the tools. */
  nats: { user: string; password: string };
  /** Passwords of the broker's other users: each service, and each room's capture machine. */
  natsUsers: Record<string, string>;
  s3: { accessKey: string; secretKey: string };
  postgres: { user: string; password: string };
  pacsPassword: string;
  liveTokenSecret: string;
  deidentifyKey: string;
  /** API token of the command line and the tools, for when people have accounts. */
  toolsToken: string;
}

const KEPT_LOGS = 3;

async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

/** Writes a file whole or not at all; several writers at once do not disturb each other. */
export async function writeWhole(path: string, text: string, mode = 0o644): Promise<void> {
  const draft = `${path}.${randomUUID()}.new`;
  await writeFile(draft, text, { mode });
  await rename(draft, path);
}

/** What makes a process id the same process: its start time, where the system tells; `dead` when it waits to be reaped. */
async function incarnation(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // from field 3 on, proc(5)
  return fields[0] === 'Z' ? 'dead' : (fields[19] ?? '');
}

/** The folder `.smartbox/`: data of the servers, credentials, remembered ports, logs, the description of a run. */
export class StateDir {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  join(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  get runFile(): string {
    return this.join('run.json');
  }

  get credentialsFile(): string {
    return this.join('credentials.json');
  }

  log(name: string): string {
    return this.join('logs', `${name}.log`);
  }

  /**
   * Claims the folder for this process, clears what a killed run left, and waits for its processes to go.
   * @throws SmartBoxError `already-running`.
   */
  async claim(progress: (message: string) => void): Promise<void> {
    // Not 0700: started by root, PostgreSQL's own user has to pass. Secrets are files with mode 0600.
    await mkdir(this.join('logs'), { recursive: true, mode: 0o755 });
    await chmod(this.path, 0o755);
    const holder = await readJson<{ pid: number; incarnation: string }>(this.join('launcher.json'));
    if (holder && isAlive(holder.pid) && (await incarnation(holder.pid)) === holder.incarnation) {
      throw inputError(
        'already-running',
        `SmartBox already runs from ${this.path} (process ${holder.pid}). Stop it first, or set SMARTBOX_STATE to another folder.`,
      );
    }
    const mine = { pid: process.pid, incarnation: await incarnation(process.pid) };
    await writeWhole(this.join('launcher.json'), JSON.stringify(mine));
    if (existsSync(this.runFile)) progress('the last run did not end cleanly: continuing with its data');
    await rm(this.runFile, { force: true });
    await this.#awaitEarlierProcesses();
    await this.#rotateLogs();
  }

  async release(): Promise<void> {
    await rm(this.runFile, { force: true });
    await rm(this.join('processes'), { force: true });
    await rm(this.join('launcher.json'), { force: true });
  }

  /** Notes a process that was started, so that the next run can wait for its end. */
  async note(pid: number): Promise<void> {
    await appendFile(this.join('processes'), `${pid} ${await incarnation(pid)}\n`);
  }

  async #awaitEarlierProcesses(): Promise<void> {
    const noted = await readFile(this.join('processes'), 'utf8').catch(() => '');
    for (const line of noted.trim().split('\n')) {
      const [pid, start] = line.split(' ');
      const same = async (): Promise<boolean> => isAlive(Number(pid)) && (await incarnation(Number(pid))) === start;
      if (pid && (await same())) {
        await until(async () => !(await same()), {
          timeoutMs: 20_000,
          what: `the end of process ${pid} of the last run`,
        });
      }
    }
    await rm(this.join('processes'), { force: true });
  }

  async #rotateLogs(): Promise<void> {
    for (const file of await readdir(this.join('logs'))) {
      const name = /^([a-z0-9-]+)\.log$/.exec(file)?.[1];
      if (name === undefined) continue;
      for (let n = KEPT_LOGS - 1; n >= 0; n--) {
        const from = n === 0 ? this.log(name) : this.log(`${name}.${n}`);
        if (existsSync(from)) await rename(from, this.log(`${name}.${n + 1}`));
      }
    }
  }

  /** @param stations rooms that the system has */
  async credentials(stations: readonly string[]): Promise<Credentials> {
    const known = await readJson<Credentials>(this.credentialsFile);
    const all: Credentials = {
      nats: known?.nats ?? { user: 'smartbox', password: randomSecret() },
      natsUsers: {
        ...Object.fromEntries(brokerUsers(stations).map(({ user }) => [user, randomSecret()])),
        ...known?.natsUsers,
      },
      s3: known?.s3 ?? { accessKey: randomSecret(20), secretKey: randomSecret(40) },
      postgres: known?.postgres ?? { user: 'smartbox', password: randomSecret() },
      pacsPassword: known?.pacsPassword ?? randomSecret(),
      liveTokenSecret: known?.liveTokenSecret ?? randomSecret(64),
      deidentifyKey: known?.deidentifyKey ?? randomSecret(64),
      toolsToken: known?.toolsToken ?? `sbx_${randomSecret(43)}`,
    };
    await writeWhole(this.credentialsFile, `${JSON.stringify(all, null, 2)}\n`, 0o600);
    return all;
  }

  /** Ports of the last run, to be asked for again. */
  async ports(): Promise<Record<string, number>> {
    return (await readJson<Record<string, number>>(this.join('ports.json'))) ?? {};
  }

  async rememberPorts(ports: Record<string, number>): Promise<void> {
    await writeWhole(this.join('ports.json'), `${JSON.stringify(ports, null, 2)}\n`);
  }
}
