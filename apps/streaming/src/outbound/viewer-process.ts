import { childModule, forkWorker, type Worker } from '@smartbox/media';
import {
  TAKEN_EVERY,
  type FromWorker,
  type ToWorker,
  type ViewerMessage,
  type WorkerSettings,
} from '../worker/protocol.ts';

/** Units in the channel beyond which a worker counts as behind: about two seconds of 60 fps. */
const MAX_WAITING = 120;

/** One worker process and what it carries. */
export class ViewerProcess {
  readonly viewers = new Map<string, string>();
  readonly #worker: Worker<ToWorker, FromWorker>;
  #sent = 0;
  #taken = 0;
  #dropped = 0;
  readonly ready: Promise<void>;
  readonly exited: Promise<string>;

  constructor(settings: WorkerSettings, handle: (message: ViewerMessage) => void, log: (line: string) => void) {
    this.#worker = forkWorker<ToWorker, FromWorker>(childModule(import.meta.url, '../worker/main'), {
      args: [JSON.stringify(settings)],
      onLine: log,
    });
    const ready = Promise.withResolvers<void>();
    this.ready = ready.promise;
    this.ready.catch(() => undefined);
    this.#worker.onMessage((message) => {
      if (message.t === 'ready') ready.resolve();
      else if (message.t === 'taken') this.#taken = message.units;
      else handle(message);
    });
    this.exited = this.#worker.exited.then(({ code, signal, stderr }) => {
      const how = `the worker ended (${signal ?? code}) ${stderr.slice(-300)}`;
      ready.reject(new Error(how));
      return how;
    });
  }

  get pid(): number {
    return this.#worker.pid;
  }

  get behind(): boolean {
    return this.#sent - this.#taken - TAKEN_EVERY > MAX_WAITING;
  }

  carries(source: string): boolean {
    return [...this.viewers.values()].includes(source);
  }

  send(message: ToWorker): boolean {
    return this.#worker.send(message);
  }

  /** False where it was dropped: a worker that is stuck must not fill this process's memory. */
  sendUnit(source: string, bytes: Uint8Array): boolean {
    if (this.behind) {
      this.#dropped += 1;
      return false;
    }
    this.#sent += 1;
    return this.#worker.send({ t: 'unit', source, bytes });
  }

  get dropped(): number {
    return this.#dropped;
  }

  end(): void {
    this.#worker.kill('SIGTERM');
  }
}
