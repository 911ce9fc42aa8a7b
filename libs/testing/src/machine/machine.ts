import { existsSync } from 'node:fs';
import { access, constants, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inputError } from '@smartbox/kernel';
import { removeDir, startLocal } from '../servers/launch.ts';
import { bundleModules } from './bundle.ts';
import { BUSYBOX, KERNEL, makeInitrd } from './initrd.ts';
import { MachineProcesses, type MachineProcess } from './processes.ts';
import { RemoteShell } from './shell.ts';

const START_MS = 180_000;
const FORK_MAIN = 'fork-main';

interface MachineOptions<N extends string> {
  /** Modules that can be forked: names and files of the checkout. */
  modules: Readonly<Record<N, string>>;
  /** Where the console and QEMU write; a file that is removed unless given. */
  logFile?: string;
}

/** A virtual machine with a kernel of its own. It sees the host's files; what it writes is forgotten. No network. */
export interface Machine<N extends string = string> {
  /** What its CLOCK_MONOTONIC is ahead of ours. */
  readonly clockAheadNs: bigint;
  /**
   * Runs a line of shell as root; resolves with all it printed. One runs after the other: what is to go on is sent to
   * the background.
   * @throws SmartBoxError `command-failed` with the command, its status and what it printed.
   */
  run(line: string): Promise<string>;
  fork(module: N, args?: readonly string[]): MachineProcess;
  stop(): Promise<void>;
}

/**
 * Boots Debian's kernel with the host's own programs, for drivers that the host's kernel does not have. Where the
 * processor offers no virtualisation QEMU translates the instructions: all is the same, 10 to 30 times slower.
 * @throws SmartBoxError `machine-unavailable` saying what to install; `server-start-failed` with the console's end.
 */
export async function startMachine<N extends string>(options: MachineOptions<N>): Promise<Machine<N>> {
  if (!existsSync(join(KERNEL, 'vmlinuz')) || !existsSync(BUSYBOX))
    throw inputError('machine-unavailable', `${KERNEL} or ${BUSYBOX} is missing: sudo tools/scripts/install-peers.sh`);
  const dir = await mkdtemp(join(tmpdir(), 'smartbox-machine-'));
  const bundled = await bundleModules<N | typeof FORK_MAIN>(dir, {
    ...options.modules,
    [FORK_MAIN]: 'libs/testing/src/machine/fork-main.ts',
  });
  const ports = { shell: join(dir, 'shell'), processes: join(dir, 'processes') };
  const args = qemuArguments(await makeInitrd(dir), ports, await canVirtualise());
  let shell: RemoteShell | undefined;
  const local = await startLocal({
    name: 'the test machine',
    command: () => ({
      command: 'qemu-system-x86_64',
      args,
      logFile: options.logFile ?? join(dir, 'console.log'),
      temporaryDir: dir,
    }),
    ready: async () => {
      shell ??= await RemoteShell.open(ports.shell);
      return shell.answers;
    },
    startTimeoutMs: START_MS,
    graceMs: 0,
    cleanUp: () => removeDir(dir),
  });
  if (!shell) throw new Error('a machine that is ready has a shell');
  const { run } = shell;
  await run(`${process.execPath} ${bundled[FORK_MAIN]} /dev/vport*p2 >/dev/console 2>&1 &`);
  const processes = await MachineProcesses.open(ports.processes);
  return {
    clockAheadNs: processes.clockAheadNs,
    run,
    fork: (module, forkArgs = []) => processes.fork(bundled[module], forkArgs),
    stop: async () => {
      processes.close();
      shell?.close();
      await local.stop();
    },
  };
}

function qemuArguments(initrd: string, ports: { shell: string; processes: string }, kvm: boolean): string[] {
  return [
    ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-serial', 'stdio'],
    // an older processor is quicker to imitate, and its imitation is better tried
    ...(kvm ? ['-accel', 'kvm', '-cpu', 'host'] : ['-accel', 'tcg', '-cpu', 'Nehalem']),
    ...['-smp', '2', '-m', '1536', '-kernel', join(KERNEL, 'vmlinuz'), '-initrd', initrd],
    ...['-append', 'console=ttyS0 quiet panic=-1 mitigations=off'],
    ...['-virtfs', 'local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap'],
    // QEMU waits for us before it boots
    ...['-chardev', `socket,id=shell,path=${ports.shell},server=on,wait=on`],
    ...['-chardev', `socket,id=processes,path=${ports.processes},server=on,wait=off`],
    ...['-device', 'virtio-serial'],
    ...['-device', 'virtserialport,chardev=shell', '-device', 'virtserialport,chardev=processes'],
  ];
}

/** /dev/kvm alone says little: under some hypervisors it is there and does not work. */
async function canVirtualise(): Promise<boolean> {
  const flags = await readFile('/proc/cpuinfo', 'utf8');
  const usable = await access('/dev/kvm', constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  return usable && /^flags\s*:.* (vmx|svm)( |$)/m.test(flags);
}
