import { SmartBoxError, transientError } from '@smartbox/kernel';
import { childModule, forkWorker, type Worker } from '@smartbox/media';
import type { Described } from '../domain/answer.ts';
import { Backlog } from '../domain/backlog.ts';
import {
  TAKEN_EVERY,
  type FromWorker,
  type Request,
  type ToWorker,
  type ViewerMessage,
  type WorkerSettings,
} from '../worker/protocol.ts';

/** A worker is behind when a unit has waited so long for it: newer ones are left out until it is not, and live stays live. */
const MAX_WAITING_MS = 400;
/** A live picture goes before everything on this machine but the capture. */
const NICENESS = -5;
const ANSWER_MS = 8000;

/** What a worker says by itself. */
export type Told = Exclude<ViewerMessage, { t: 'done' | 'refused' }>;

interface Waiting {
  resolve: (described: Described) => void;
  reject: (error: Error) => void;
}

/** One worker process and what it carries. */
export class ViewerProcess {
  /** Sources by viewer. */
  readonly viewers = new Map<string, readonly string[]>();
  readonly #worker: Worker<ToWorker, FromWorker>;
  readonly #waiting = new Map<string, Waiting>();
  readonly #backlog = new Backlog(TAKEN_EVERY);
  readonly ready: Promise<void>;
  readonly exited: Promise<string>;

  constructor(settings: WorkerSettings, handle: (told: Told) => void, log: (line: string) => void) {
    this.#worker = forkWorker<ToWorker, FromWorker>(childModule(import.meta.url, '../worker/main'), {
      args: [JSON.stringify(settings)],
      niceness: NICENESS,
      onLine: log,
    });
    const ready = Promise.withResolvers<void>();
    this.ready = ready.promise;
    this.ready.catch(() => undefined);
    this.#worker.onMessage((message) => {
      if (message.t === 'ready') ready.resolve();
      else if (message.t === 'taken') this.#backlog.taken(message.units);
      else if (message.t === 'done') this.#waiting.get(message.viewer)?.resolve(message.described);
      else if (message.t === 'refused') this.#waiting.get(message.viewer)?.reject(refusal(message));
      else {
        if (message.t === 'gone') this.#fail(message.viewer, message.reason);
        handle(message);
      }
    });
    this.exited = this.#worker.exited.then(({ code, signal, stderr }) => {
      const how = `the worker ended (${signal ?? code}) ${stderr.slice(-300)}`;
      ready.reject(new Error(how));
      for (const viewer of [...this.#waiting.keys()]) this.#fail(viewer, how);
      return how;
    });
  }

  get pid(): number {
    return this.#worker.pid;
  }

  get behind(): boolean {
    return this.#backlog.ageMs(performance.now()) > MAX_WAITING_MS;
  }

  /** Sources sent to viewers. */
  get streams(): number {
    return [...this.viewers.values()].reduce((sum, sources) => sum + sources.length, 0);
  }

  carries(source: string): boolean {
    return [...this.viewers.values()].some((sources) => sources.includes(source));
  }

  send(message: ToWorker): boolean {
    return this.#worker.send(message);
  }

  /** @throws SmartBoxError as the worker says; `overloaded` where it ends, gives the viewer up or does not answer. */
  request(request: Request): Promise<Described> {
    const { viewer } = request;
    if (this.#waiting.has(viewer)) throw transientError('busy', 'another request of this session is under way');
    return new Promise<Described>((resolve, reject) => {
      const settle = () => {
        clearTimeout(late);
        this.#waiting.delete(viewer);
      };
      const late = setTimeout(() => this.#fail(viewer, `no answer within ${ANSWER_MS} ms`), ANSWER_MS);
      this.#waiting.set(viewer, {
        resolve: (described) => (settle(), resolve(described)),
        reject: (error) => (settle(), reject(error)),
      });
      this.#worker.send(request);
    });
  }

  /** False where it was dropped: a worker that is stuck must not fill this process's memory. */
  sendUnit(source: string, bytes: Uint8Array): boolean {
    if (this.behind) return false;
    this.#backlog.handed(performance.now());
    return this.#worker.send({ t: 'unit', source, bytes });
  }

  end(): void {
    this.#worker.kill('SIGTERM');
  }

  #fail(viewer: string, reason: string): void {
    this.#waiting.get(viewer)?.reject(transientError('overloaded', reason));
  }
}

function refusal({ code, message }: { code: string; message: string }): SmartBoxError {
  const theirs = code === 'source-not-live' || code === 'overloaded';
  return new SmartBoxError({ code, message, fault: theirs ? 'theirs' : 'input', retryable: theirs });
}
