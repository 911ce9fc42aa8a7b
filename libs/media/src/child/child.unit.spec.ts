import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { childModule } from './child-module.ts';
import { runChild } from './run-child.ts';

let dir: string;
let worker: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'child-'));
  worker = join(dir, 'worker.ts');
  await writeFile(
    worker,
    `import { serveChild } from '${childModule(import.meta.url, '../index')}';
     import { inputError } from '${childModule(import.meta.url, '../../../kernel/src/index')}';
     serveChild(async (request: { do: string }, { progress, signal }) => {
       progress({ at: 1 });
       if (request.do === 'fail') throw inputError('bad-thing', 'the thing "x" is bad');
       if (request.do === 'die') { process.stderr.write('out of luck\\n'); process.kill(process.pid, 'SIGKILL'); }
       if (request.do === 'sleep') await new Promise((resolve) => { signal.onabort = resolve; setTimeout(resolve, 60000); });
       return { big: 10n, bytes: Buffer.from('abc'), pool: process.env.UV_THREADPOOL_SIZE };
     });`,
  );
});
afterAll(() => rm(dir, { recursive: true }));

describe('runChild', () => {
  it('hands over request, progress and result', async () => {
    const progress: unknown[] = [];
    const result = await runChild<unknown, unknown, { big: bigint; bytes: Uint8Array; pool: string }>(
      worker,
      { do: 'it' },
      { onProgress: (p) => progress.push(p) },
    );
    expect(result).toMatchObject({ big: 10n, pool: '16' });
    expect(Buffer.from(result.bytes).toString()).toBe('abc');
    expect(progress).toEqual([{ at: 1 }]);
  });

  it('keeps the code and fault of an error, and quotes the last words of a process that dies', async () => {
    await expect(runChild(worker, { do: 'fail' })).rejects.toMatchObject({
      code: 'bad-thing',
      fault: 'input',
      retryable: false,
    });
    await expect(runChild(worker, { do: 'die' })).rejects.toThrow(/signal SIGKILL: .*out of luck/s);
    await expect(runChild(join(dir, 'none.ts'), {})).rejects.toMatchObject({ code: 'worker-died' });
  });

  it('ends a job that is cancelled or gives no sign of life', async () => {
    const stop = new AbortController();
    const job = runChild(worker, { do: 'sleep' }, { signal: stop.signal, onProgress: () => stop.abort() });
    await expect(job).rejects.toMatchObject({ code: 'cancelled' });
    await expect(runChild(worker, { do: 'sleep' }, { idleTimeoutMs: 1500 })).rejects.toMatchObject({
      code: 'worker-idle',
    });
  });
});

describe('childModule', () => {
  it('follows the caller: source or dist', () => {
    expect(childModule(pathToFileURL('/a/src/outbound/x.ts').href, '../worker/y')).toBe('/a/src/worker/y.ts');
    expect(childModule(pathToFileURL('/a/dist/outbound/x.js').href, '../worker/y')).toBe('/a/dist/worker/y.js');
  });
});
