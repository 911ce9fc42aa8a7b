import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { childModule, runChild } from '@smartbox/media';
import { until } from '@smartbox/testing';
import { describe, expect, it } from 'vitest';
import { LoadGate, type Rank } from './load-gate.ts';

const never = new AbortController().signal;

/** Work that ends when it is told to, and notes whether its process stands still. */
function work(gate: LoadGate, rank: Rank, signal = never) {
  const end = Promise.withResolvers<void>();
  const state = { begun: false, halted: false, end: () => end.resolve() };
  const run = gate.run(rank, signal, async (onProcess) => {
    state.begun = true;
    onProcess({ pid: 1, halt: () => (state.halted = true), goOn: () => (state.halted = false) });
    await end.promise;
  });
  return Object.assign(state, { run });
}
const settle = () => new Promise(setImmediate);

describe('the load gate', () => {
  it('lets only so many work at once, the urgent ones first', async () => {
    const gate = new LoadGate(1);
    const edit = work(gate, 'edit');
    const [exported, second] = [work(gate, 'export'), work(gate, 'edit')];
    await settle();
    expect([edit.begun, exported.begun, second.begun]).toEqual([true, false, false]);
    edit.end();
    await edit.run;
    await settle();
    expect([exported.begun, second.begun]).toEqual([false, true]);
    expect(gate.counts).toEqual({ waiting: 1, running: 1, halted: 0 });
  });

  it('makes the least urgent stand still for a save, and go on afterwards', async () => {
    const gate = new LoadGate(2);
    const [edit, exported] = [work(gate, 'edit'), work(gate, 'export')];
    await settle();
    const save = work(gate, 'archive');
    await settle();
    expect([save.begun, edit.halted, exported.halted]).toEqual([true, false, true]);
    const preview = work(gate, 'preview');
    await settle();
    expect([preview.begun, edit.halted]).toEqual([true, true]);
    save.end();
    await save.run;
    expect([edit.halted, exported.halted]).toEqual([false, true]);
    preview.end();
    await preview.run;
    expect(exported.halted).toBe(false);
  });

  it('forgets what is cancelled before its turn, and gives the place of what fails to the next', async () => {
    const gate = new LoadGate(1);
    const stop = new AbortController();
    const failing = gate.run('edit', never, () => Promise.reject(new Error('broken')));
    const cancelled = work(gate, 'edit', stop.signal);
    const last = work(gate, 'export');
    stop.abort();
    await expect(failing).rejects.toThrow('broken');
    await expect(cancelled.run).rejects.toMatchObject({ code: 'cancelled' });
    await settle();
    expect([cancelled.begun, last.begun]).toEqual([false, true]);
    last.end();
    await last.run;
    expect(gate.counts).toEqual({ waiting: 0, running: 0, halted: 0 });
  });

  it('stops a real process by SIGSTOP, which counts on where it stood', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'load-gate-'));
    const module = join(folder, 'counting.ts');
    await writeFile(
      module,
      `import { serveChild } from '${childModule(import.meta.url, '../../../../libs/media/src/index')}';
       serveChild(async (most, { progress }) => {
         for (let at = 1; at <= most; at++) {
           progress({ at });
           await new Promise((next) => setTimeout(next, 5));
         }
         return most;
       });`,
    );
    const gate = new LoadGate(1);
    const counted: number[] = [];
    let pid = 0;
    const stateOf = async () => (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.[0];
    try {
      const slow = gate.run('export', never, (onProcess) =>
        runChild<number, { at: number }, number>(module, 100, {
          onProcess: (process) => onProcess(Object.assign(process, { pid: (pid = process.pid) })),
          onProgress: ({ at }) => counted.push(at),
          idleTimeoutMs: 5000,
        }),
      );
      await until(() => counted.length > 3, { what: 'the job at work' });
      const save = work(gate, 'archive');
      await until(async () => (await stateOf()) === 'T', { what: 'the job stopped (proc(5): T)' });
      // what it had said before it stopped has come by now
      await settle();
      const stoodAt = counted.length;
      expect([save.begun, gate.counts.halted]).toEqual([true, 1]);
      expect(await stateOf()).toBe('T');
      expect(counted.length - stoodAt).toBeLessThan(3);
      save.end();
      await save.run;
      expect(await slow).toBe(100);
      expect(counted).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
