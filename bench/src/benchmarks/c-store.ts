import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Benchmark } from '../pairs.ts';

const MEGABYTES = 1000;

/** storescp, storescu and the gateway's client beside each other, reachable by nobody else. */
class Rig {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess, lines: AsyncIterator<string>) {
    this.#child = child;
    this.#lines = lines;
  }

  static async start(report: (line: string) => void): Promise<Rig> {
    const script = join(import.meta.dirname, '../c-store/rig.ts');
    const node = `exec "${process.execPath}" "${script}" ${MEGABYTES}`;
    report(`preparing an object of ${MEGABYTES} MB, storescp and an object store in a network namespace`);
    const args = ['-r', '-n', 'sh', '-c', `ip link set lo up && ${node}`];
    const child = spawn('unshare', args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const rig = new Rig(child, createInterface(child.stdout)[Symbol.asyncIterator]());
    await rig.#line();
    return rig;
  }

  /** MB/s of one object sent that way. */
  async rate(way: 'file' | 's3' | 'storescu'): Promise<number> {
    this.#child.stdin?.write(`${way}\n`);
    return MEGABYTES / Number(await this.#line());
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.stdin?.end();
    await ended;
  }

  async #line(): Promise<string> {
    const next = await this.#lines.next();
    if (next.done) throw new Error('the rig ended');
    return next.value;
  }
}

const common = {
  unit: 'MB/s',
  peer: 'DCMTK storescu of a file, to the same storescp',
  target: { atLeast: 1 },
} as const;

/** C-STORE by the gateway's client, against DCMTK's storescu, to the same DCMTK storescp. */
export const cStore: Benchmark = {
  name: 'c-store',
  ...common,
  async setUp(report) {
    const rig = await Rig.start(report);
    await rig.rate('file'); // the gateway has been running for a while, too
    return {
      ours: () => rig.rate('file'),
      peer: () => rig.rate('storescu'),
      tearDown: () => rig.stop(),
      notes: () => [
        `One object of ${MEGABYTES} MB from a file in the page cache; storescp writes it as it comes (\`+B\`). An association each time for storescu, a kept one for ours; program start counts for storescu (about 20 ms).`,
        'What limits: storescp. It announces PDUs of 16 KB, reads each with its own system calls and writes it to the disk; the sender waits for it.',
      ],
    };
  },
};

/** The same from the object store, as the gateway does it: read by HTTP, hashed, the last bytes held until it is right. */
export const cStoreS3: Benchmark = {
  name: 'c-store-s3',
  ...common,
  async setUp(report) {
    const rig = await Rig.start(report);
    await rig.rate('s3');
    return {
      ours: () => rig.rate('s3'),
      peer: () => rig.rate('storescu'),
      tearDown: () => rig.stop(),
      notes: () => [
        `One object of ${MEGABYTES} MB out of SeaweedFS by HTTP, SHA-256 over every byte before the last one goes out; storescu has it as a file.`,
        'What limits: CPU time. The object store, HTTP, the hash, the sender and storescp share the cores that storescu and storescp have for themselves. Without the way out of the object store `c-store` is at 1.9.',
      ],
    };
  },
};
