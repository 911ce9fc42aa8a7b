import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bridge } from './bridge.ts';
import { removeDir, startLocal, type LocalServer } from './launch.ts';
import type { Progress } from './server.ts';

const run = promisify(execFile);

/** What happens inside the namespace; given to `confined-main` as JSON. */
export interface ConfinedPlan {
  command: string;
  args: string[];
  /** Ports of the server, the same number inside and outside. */
  incoming: number[];
  /** Loopback ports outside that the server may dial. */
  outgoing: number[];
  /** A folder for the Unix sockets; its path is short (sun_path holds 107 bytes). */
  sockets: string;
}

export interface ConfinedOptions {
  name: string;
  command: string;
  args: string[];
  /** The ports that the server listens on. */
  ports: number[];
  /** Loopback ports it may dial itself (storage commitment reports). */
  outgoing?: number[];
  logFile: string;
  cwd?: string;
  ready: () => Promise<boolean>;
  cleanUp?: () => Promise<void>;
  temporaryDir?: string;
  progress?: Progress;
}

async function canConfine(): Promise<boolean> {
  return run('unshare', ['-r', '-n', 'ip', 'link', 'set', 'lo', 'up']).then(
    () => true,
    () => false,
  );
}

/**
 * Starts a server that cannot be told to bind loopback (DCMTK, Orthanc) where it can reach nothing else: in a
 * network namespace of its own, with its ports handed to 127.0.0.1 outside. Where the system allows no
 * namespaces it runs as it is, and says so.
 */
export async function startConfined(options: ConfinedOptions): Promise<LocalServer & { confined: boolean }> {
  const base = {
    logFile: options.logFile,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.temporaryDir === undefined ? {} : { temporaryDir: options.temporaryDir }),
  };
  const common = { name: options.name, ready: options.ready };
  if (!(await canConfine())) {
    options.progress?.(`${options.name} listens on all interfaces: this system allows no network namespaces`);
    const local = await startLocal({
      ...common,
      command: () => ({ ...base, command: options.command, args: options.args }),
      ...(options.cleanUp ? { cleanUp: options.cleanUp } : {}),
    });
    return { ...local, confined: false };
  }
  const sockets = await mkdtemp(join(tmpdir(), 'smartbox-ns-'));
  const plan: ConfinedPlan = {
    command: options.command,
    args: options.args,
    incoming: options.ports,
    outgoing: options.outgoing ?? [],
    sockets,
  };
  const main = fileURLToPath(new URL(`./confined-main${extname(import.meta.url)}`, import.meta.url));
  const bridges = await Promise.all([
    ...plan.incoming.map((port) => bridge(port, join(sockets, `in-${port}`))),
    ...plan.outgoing.map((port) => bridge(join(sockets, `out-${port}`), port)),
  ]);
  const cleanUp = async (): Promise<void> => {
    await Promise.all(bridges.map((one) => one.close()));
    await removeDir(sockets);
    await options.cleanUp?.();
  };
  const local = await startLocal({
    ...common,
    command: async () => {
      await Promise.all(plan.incoming.map((port) => removeDir(join(sockets, `in-${port}`))));
      return { ...base, command: 'unshare', args: ['-r', '-n', process.execPath, main, JSON.stringify(plan)] };
    },
    cleanUp,
  });
  return { ...local, confined: true };
}
