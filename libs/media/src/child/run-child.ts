import { SmartBoxError, toError, type Fault } from '@smartbox/kernel';
import { forkWorker, workerDied, type ForkOptions } from './fork-worker.ts';

interface PlainError {
  readonly code: string;
  readonly message: string;
  readonly fault: Fault;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;
}
type Down<Request> = { type: 'run'; request: Request } | { type: 'cancel' };
type Up<Progress, Result> =
  | { type: 'ready' }
  | { type: 'progress'; progress: Progress }
  | { type: 'done'; result: Result }
  | { type: 'failed'; error: PlainError };

/** Lets a job stand still and go on, for work that is more urgent. While it stands still it is never idle. */
export interface ChildProcessControl {
  readonly pid: number;
  halt(): void;
  goOn(): void;
}

export interface RunChildOptions<Progress> extends ForkOptions {
  /** Called once, when the process has been started. */
  readonly onProcess?: (process: ChildProcessControl) => void;
  /** Aborting asks the child to stop and kills it after two seconds; the promise rejects with code `cancelled`. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** The job fails with `worker-idle` when neither progress nor result came for this long. Default 60 s. */
  readonly idleTimeoutMs?: number;
}

/** A job can wait; what is being captured cannot. */
const JOB_NICENESS = 5;

/**
 * Runs one job in a child process whose module calls `serveChild`. Resolves with its result.
 * @throws SmartBoxError the child's own error; `worker-died` (with the tail of its stderr), `worker-idle`, `cancelled`.
 */
export async function runChild<Request, Progress, Result>(
  module: string,
  request: Request,
  options: RunChildOptions<Progress> = {},
): Promise<Result> {
  if (options.signal?.aborted) throw cancelled();
  const worker = forkWorker<Down<Request>, Up<Progress, Result>>(module, { niceness: JOB_NICENESS, ...options });
  const idleMs = options.idleTimeoutMs ?? 60_000;
  const cleanUp: (() => void)[] = [];
  try {
    return await new Promise<Result>((resolve, reject) => {
      let timer = setTimeout(onIdle, idleMs);
      let halted = false;
      options.onProcess?.({
        pid: worker.pid,
        halt: () => {
          halted = true;
          clearTimeout(timer);
          worker.kill('SIGSTOP');
        },
        goOn: () => {
          halted = false;
          worker.kill('SIGCONT');
          clearTimeout(timer);
          timer = setTimeout(onIdle, idleMs);
        },
      });
      function onIdle(): void {
        reject(
          new SmartBoxError({
            code: 'worker-idle',
            message: `the worker gave no sign of life for ${idleMs} ms`,
            fault: 'ours',
            retryable: true,
          }),
        );
      }
      const onAbort = (): void => {
        worker.send({ type: 'cancel' });
        const kill = setTimeout(() => worker.kill(), 2000);
        void worker.exited.then(() => {
          clearTimeout(kill);
          reject(cancelled());
        });
      };
      options.signal?.addEventListener('abort', onAbort, { once: true });
      cleanUp.push(
        () => clearTimeout(timer),
        () => options.signal?.removeEventListener('abort', onAbort),
      );
      worker.onMessage((message) => {
        clearTimeout(timer);
        if (!halted) timer = setTimeout(onIdle, idleMs);
        if (message.type === 'ready') worker.send({ type: 'run', request });
        else if (message.type === 'progress') options.onProgress?.(message.progress);
        else if (message.type === 'done' && !options.signal?.aborted) resolve(message.result);
        else if (message.type === 'done') reject(cancelled());
        else reject(options.signal?.aborted ? cancelled() : new SmartBoxError(message.error));
      });
      void worker.exited.then((exit) => reject(options.signal?.aborted ? cancelled() : workerDied('the worker', exit)));
    });
  } finally {
    for (const step of cleanUp) step();
    worker.kill();
    await worker.exited;
  }
}

function cancelled(): SmartBoxError {
  return new SmartBoxError({ code: 'cancelled', message: 'the job was cancelled', fault: 'input' });
}

export interface ChildContext<Progress> {
  readonly progress: (progress: Progress) => void;
  /** Aborted when the parent cancels. Between frames only: native calls are not interrupted. */
  readonly signal: AbortSignal;
}

/**
 * The child's side of `runChild`: answers one request. Ends the process when the parent is gone, so that no
 * orphan is left behind. While the job runs synchronously, a cancel is seen by its `await`s only.
 */
export function serveChild<Request, Progress, Result>(
  handle: (request: Request, context: ChildContext<Progress>) => Promise<Result> | Result,
): void {
  const abort = new AbortController();
  const send = (message: Up<Progress, Result>): Promise<void> =>
    new Promise((resolve) => (process.send ? process.send(message, () => resolve()) : resolve()));
  process.on('disconnect', () => process.exit(1));
  process.on('SIGINT', () => undefined); // Ctrl-C reaches the whole group: the parent decides
  process.on('message', (message: Down<Request>) => {
    if (message.type === 'cancel') return abort.abort();
    void (async () => {
      try {
        const result = await handle(message.request, {
          signal: abort.signal,
          progress: (progress) => void send({ type: 'progress', progress }),
        });
        await send({ type: 'done', result });
      } catch (thrown) {
        await send({ type: 'failed', error: plain(thrown) });
      }
    })();
  });
  void send({ type: 'ready' });
}

function plain(thrown: unknown): PlainError {
  if (thrown instanceof SmartBoxError) {
    const { code, message, fault, retryable, details } = thrown;
    return { code, message, fault, retryable, details };
  }
  const error = toError(thrown);
  return {
    code: 'worker-failed',
    message: error.message,
    fault: 'ours',
    retryable: true,
    details: { stack: error.stack },
  };
}
