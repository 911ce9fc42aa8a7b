import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { until } from '@smartbox/testing';
import type { LiveRoom } from './room.ts';

const READY_MS = 60_000;

/** Viewers on machines of their own, as far as one machine can have them: they receive, they do not decode. */
export class Receivers {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async join(room: LiveRoom, count: number): Promise<Receivers> {
    const before = await room.joins();
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, 'receivers-main.ts'), room.whepUrl, room.token(), String(count)],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    try {
      await new Promise<void>((resolve, reject) => {
        child.stdout.once('data', () => resolve());
        child.once('exit', (code) => reject(new Error(`the receivers ended with ${code}`)));
        setTimeout(
          () => reject(new Error(`${count} receivers are not there within ${READY_MS / 1000} s`)),
          READY_MS,
        ).unref();
      });
      const wanted = before + count;
      await until(async () => (await room.joins()) >= wanted, { timeoutMs: READY_MS, what: `pictures for ${count}` });
    } catch (error) {
      child.kill();
      throw error;
    }
    return new Receivers(child);
  }

  async leave(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.stdin?.end();
    await gone;
  }
}
