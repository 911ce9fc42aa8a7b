import { readFileSync } from 'node:fs';
import type { DevicePicture, DevicePictureWish, RpcReply } from '@smartbox/contracts';
import { SmartBoxError, transientError } from '@smartbox/kernel';
import { childModule, forkWorker, runChild } from '@smartbox/media';
import type { Logger } from '@smartbox/telemetry';
import type { CaptureWorker, WorkerLauncher } from '../application/ports.ts';
import type { FromWorker, ToWorker, WorkerJob } from '../worker/protocol.ts';

/** Before everything else on the machine, where we are allowed to: video cannot be recorded twice. */
const CAPTURE_NICENESS = -10;
const DEVICES_MS = 10_000;

/** Capture processes: one per source, so that a hung device or a crash in native code stays with its source. */
export class ProcessLauncher implements WorkerLauncher {
  private readonly log: Logger;
  private readonly reach: Pick<WorkerJob, 'bindAddress'>;

  /** @param bindAddress the only one that WebRTC senders reach; every interface unless given. */
  constructor(log: Logger, bindAddress?: string) {
    this.log = log;
    this.reach = bindAddress === undefined ? {} : { bindAddress };
  }

  start(job: WorkerJob, onMessage: (message: FromWorker) => void): CaptureWorker {
    const log = this.log.child({ source: job.id });
    const worker = forkWorker<ToWorker, FromWorker>(childModule(import.meta.url, '../worker/capture'), {
      args: [JSON.stringify({ ...job, ...this.reach })],
      niceness: CAPTURE_NICENESS,
      onLine: (line) => log.debug({ line }, 'capture process'),
    });
    worker.onMessage(onMessage);
    return {
      pid: worker.pid,
      send: (message) => void worker.send(message),
      kill: () => worker.kill('SIGKILL'),
      wantsCpu: () => isRunnable(worker.pid),
      exited: worker.exited.then(({ code, signal, stderr }) => {
        const said = stderr.trim().split('\n').at(-1);
        const how = signal ? `was ended by ${signal}` : `ended with code ${code ?? 'unknown'}`;
        return `the capture process ${how}${said ? `: ${said}` : ''}`;
      }),
    };
  }

  measure(): Promise<number> {
    return runChild<{ frames: number }, never, number>(childModule(import.meta.url, '../worker/measure'), {
      frames: 30,
    });
  }

  /** In a process of its own: a broken driver may keep who asks it. */
  listDevices(): Promise<RpcReply<'capture-edge.list-devices'>> {
    return runChild(childModule(import.meta.url, '../worker/list-devices'), null, { idleTimeoutMs: DEVICES_MS });
  }

  /**
   * In a process of its own, too: however that ends, the device is free again.
   * @throws SmartBoxError as `takeDevicePicture` of libs/media; `device-silent` also where the driver hangs.
   */
  async takeDevicePicture(wish: DevicePictureWish): Promise<DevicePicture> {
    const module = childModule(import.meta.url, '../worker/take-device-picture');
    try {
      return await runChild<DevicePictureWish, never, DevicePicture>(module, wish, { idleTimeoutMs: DEVICES_MS });
    } catch (error) {
      if (!(error instanceof SmartBoxError && error.code === 'worker-idle')) throw error;
      throw transientError('device-silent', `${wish.path} did not answer within ${DEVICES_MS} ms`, error);
    }
  }
}

/** State `R` of proc(5); elsewhere than on Linux a silent process counts as hung. */
function isRunnable(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.charAt(stat.lastIndexOf(')') + 2) === 'R';
  } catch {
    return false;
  }
}
