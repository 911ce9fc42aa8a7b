import { setTimeout as pause } from 'node:timers/promises';
import { SmartBoxError, toError } from '@smartbox/kernel';
import type { ByteSource } from './random-access.ts';

/** Small reads are taken out of a block: the boxes of a file stand near to each other. */
const BLOCK = 32 * 1024;
/** A server that restarts, or that closed a connection which stood still for a while, costs these pauses. */
const PAUSES_MS = [100, 300, 1000, 3000, 5000];
/** Nothing is lost yet when an object cannot even be opened: whoever asked is told sooner. */
const PAUSES_AT_FIRST = 3;

/** An http(s) object that answers ranges (RFC 9110 section 14). */
export class HttpBytes implements ByteSource {
  readonly size: number;
  readonly isNear = false;
  bytesRead = 0;
  private readonly url: string;
  private readonly signal: AbortSignal | undefined;
  private block: { at: number; data: Buffer };

  private constructor(url: string, size: number, first: Buffer, signal: AbortSignal | undefined) {
    this.url = url;
    this.size = size;
    this.block = { at: 0, data: first };
    this.bytesRead = first.length;
    this.signal = signal;
  }

  /** Undefined where the server answers no ranges. @throws SmartBoxError `media-error` */
  static async open(url: string, signal?: AbortSignal): Promise<HttpBytes | undefined> {
    return withPatience(url, signal, async () => {
      const answer = await ask(url, 0, BLOCK, signal);
      const size = Number(/\/(\d+)$/.exec(answer.headers.get('content-range') ?? '')?.[1]);
      if (answer.status === 416) return new HttpBytes(url, 0, Buffer.alloc(0), signal);
      if (answer.status >= 500) throw new Error(`the server answered with status ${answer.status}`);
      if (answer.status !== 206 || !Number.isSafeInteger(size)) {
        await answer.body?.cancel();
        return undefined;
      }
      return new HttpBytes(url, size, Buffer.from(await answer.arrayBuffer()), signal);
    });
  }

  async read(offset: number, length: number): Promise<Buffer> {
    if (length === 0) return Buffer.alloc(0);
    const { at, data } = this.block;
    if (offset >= at && offset + length <= at + data.length) return data.subarray(offset - at, offset - at + length);
    if (length > BLOCK / 2) return this.whole(offset, length);
    const block = await this.whole(offset, Math.min(BLOCK, this.size - offset));
    this.block = { at: offset, data: block };
    return block.subarray(0, length);
  }

  async *stream(offset: number, length: number): AsyncGenerator<Buffer> {
    for (let done = 0, attempt = 0; done < length;) {
      try {
        const answer = await ask(this.url, offset + done, length - done, this.signal);
        for await (const chunk of bodyOf(answer, this.url)) {
          const piece = Buffer.from(chunk.buffer, chunk.byteOffset, Math.min(chunk.byteLength, length - done));
          done += piece.length;
          this.bytesRead += piece.length;
          attempt = 0;
          yield piece;
        }
        if (done < length) throw new Error(`the answer ended ${length - done} bytes early`);
      } catch (error) {
        await patience(this.url, error, attempt++, this.signal);
      }
    }
  }

  private async whole(offset: number, length: number): Promise<Buffer> {
    const out = Buffer.allocUnsafe(Math.max(0, length));
    let at = 0;
    for await (const piece of this.stream(offset, length)) {
      piece.copy(out, at);
      at += piece.length;
    }
    return out;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function ask(url: string, offset: number, length: number, signal: AbortSignal | undefined): Promise<Response> {
  const headers = { Range: `bytes=${offset}-${offset + length - 1}` };
  return fetch(url, { headers, ...(signal ? { signal } : {}) });
}

async function* bodyOf(answer: Response, url: string): AsyncGenerator<Uint8Array> {
  if (answer.status === 206 && answer.body) return yield* answer.body;
  await answer.body?.cancel();
  const retryable = answer.status >= 500 || answer.status === 429;
  throw refused(url, `the server answered a range with status ${answer.status}`, retryable);
}

async function withPatience<T>(url: string, signal: AbortSignal | undefined, act: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await act();
    } catch (error) {
      await patience(url, error, attempt < PAUSES_AT_FIRST ? attempt : PAUSES_MS.length, signal);
    }
  }
}

/** Waits before the next attempt. @throws SmartBoxError where there is none, or none would help. */
async function patience(url: string, thrown: unknown, attempt: number, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted) throw new SmartBoxError({ code: 'cancelled', message: 'the job was cancelled', fault: 'input' });
  const wait = PAUSES_MS[attempt];
  const final = thrown instanceof SmartBoxError && !thrown.retryable;
  if (final) throw thrown;
  const error = toError(thrown);
  if (wait === undefined) throw refused(url, toError(error.cause ?? error).message, true, error);
  await pause(wait, undefined, signal ? { signal } : {}).catch(() => undefined);
}

function refused(url: string, why: string, retryable: boolean, cause?: Error): SmartBoxError {
  const message = `cannot read ${url.replace(/\/\/[^@/]*@/, '//').replace(/\?.*$/s, '?...')}: ${why}`;
  const fault = retryable ? 'theirs' : 'input';
  return new SmartBoxError({ code: 'media-error', message, fault, retryable, ...(cause ? { cause } : {}) });
}
