import type { Machine } from '@smartbox/testing';
import type { CaptureWorker, WorkerLauncher } from '../src/application/ports.ts';
import type { FromWorker, WorkerJob } from '../src/worker/protocol.ts';

/** The capture processes themselves, on another machine. */
export class MachineLauncher implements WorkerLauncher {
  private readonly machine: Machine<'capture'>;

  constructor(machine: Machine<'capture'>) {
    this.machine = machine;
  }

  start(job: WorkerJob, onMessage: (message: FromWorker) => void): CaptureWorker {
    const worker = this.machine.fork('capture', [JSON.stringify(job)]);
    worker.onMessage((message) => onMessage(message as FromWorker));
    return {
      pid: 0,
      send: (message) => worker.send(message),
      kill: () => worker.kill(),
      // a machine that translates its instructions is slow, which is no reason to kill
      wantsCpu: () => true,
      exited: worker.exited,
    };
  }

  measure(): Promise<number> {
    throw new Error('there is no synthetic source here');
  }
}
