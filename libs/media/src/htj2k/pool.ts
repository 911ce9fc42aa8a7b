import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { SmartBoxError } from '@smartbox/kernel';
import { childModule } from '../child/child-module.ts';
import type { Htj2kCode, Htj2kFrame, Htj2kOptions } from './codec.ts';

interface Job {
  frame: Htj2kFrame;
  options: Htj2kOptions;
  resolve: (code: Htj2kCode) => void;
  reject: (error: Error) => void;
}

/** Encodes frames to HTJ2K, one worker thread per core. */
export class Htj2kPool {
  readonly size: number;
  private readonly idle: Worker[] = [];
  private readonly running = new Map<Worker, Job>();
  private readonly waiting: Job[] = [];
  private closed = false;

  constructor(size = availableParallelism()) {
    this.size = size;
    for (let i = 0; i < size; i++) this.start();
  }

  private start(): void {
    const path = childModule(import.meta.url, './worker');
    const worker = new Worker(path, { execArgv: path.endsWith('.ts') ? ['--conditions=@smartbox/source'] : [] });
    worker.unref();
    worker.on('message', (answer: Htj2kCode | { error: string }) => {
      const job = this.running.get(worker);
      this.running.delete(worker);
      this.idle.push(worker);
      if ('error' in answer)
        job?.reject(new SmartBoxError({ code: 'htj2k-failed', message: answer.error, fault: 'ours' }));
      else job?.resolve(answer);
      this.next();
    });
    worker.on('error', (error: Error) => {
      const job = this.running.get(worker);
      this.running.delete(worker);
      job?.reject(
        new SmartBoxError({ code: 'htj2k-failed', message: `the HTJ2K worker died: ${error.message}`, fault: 'ours' }),
      );
      const at = this.idle.indexOf(worker);
      if (at >= 0) this.idle.splice(at, 1);
      if (!this.closed && job) this.start(); // one that cannot even start would not start again
      this.next();
    });
    this.idle.push(worker);
  }

  /** The samples are moved to a worker: the caller's buffer is empty afterwards. */
  encode(frame: Htj2kFrame, options: Htj2kOptions = {}): Promise<Htj2kCode> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ frame, options, resolve, reject });
      this.next();
    });
  }

  private next(): void {
    const worker = this.idle.at(-1);
    const job = this.waiting[0];
    if (!worker || !job) return;
    this.idle.pop();
    this.waiting.shift();
    this.running.set(worker, job);
    const { rgb } = job.frame;
    const whole = rgb.byteOffset === 0 && rgb.byteLength === rgb.buffer.byteLength && rgb.buffer instanceof ArrayBuffer;
    const samples = whole ? rgb : new Uint8Array(rgb);
    const frame = { width: job.frame.width, height: job.frame.height, rgb: samples };
    worker.postMessage({ frame, options: job.options }, [samples.buffer as ArrayBuffer]);
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.idle, ...this.running.keys()].map((worker) => worker.terminate()));
  }
}

/**
 * Frames in, codes out, in the same order, as many in work as there are workers. A lossy search begins where an earlier
 * frame ended.
 */
export async function* encodeSequence(
  pool: Htj2kPool,
  frames: AsyncIterable<Htj2kFrame>,
  options: Htj2kOptions = {},
): AsyncGenerator<Htj2kCode> {
  const inWork: Promise<Htj2kCode>[] = [];
  let step = options.step;
  const take = async (): Promise<Htj2kCode> => {
    const code = (await inWork.shift()) as Htj2kCode;
    if (code.step > 0) ({ step } = code);
    return code;
  };
  try {
    for await (const frame of frames) {
      const code = pool.encode(frame, { ...options, ...(step === undefined ? {} : { step }) });
      code.catch(() => undefined); // seen when it is taken
      inWork.push(code);
      if (inWork.length > pool.size) yield await take();
    }
    while (inWork.length > 0) yield await take();
  } finally {
    await Promise.allSettled(inWork);
  }
}
