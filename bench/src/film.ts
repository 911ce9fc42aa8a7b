import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '@smartbox/kernel';
import { assembleMovie, layoutMovie, planSource, type MovieLayout, type SourcePlan } from '@smartbox/recording';
import { ringMessages } from '@smartbox/testing/ring';

export const FILM_SECONDS = 120;

/** More than the assembly holds at a time. */
const BUFFERS = 32;

/** Two minutes of 1080p30 at 8 Mbit/s as they stand in a ring, in files of one fragment each. */
export class RingFiles {
  readonly plan: SourcePlan;
  readonly layout: MovieLayout;
  readonly #folder: string;
  readonly #buffers: Buffer[] = [];

  private constructor(folder: string, plan: SourcePlan, layout: MovieLayout) {
    this.#folder = folder;
    this.plan = plan;
    this.layout = layout;
  }

  static async write(folder: string, seconds = FILM_SECONDS): Promise<RingFiles> {
    const entries = [];
    let init: Buffer | undefined;
    let epoch = '';
    const filling = { station: 'or-1', sources: ['endoscope'], procedure: newId(), seconds };
    for (const { payload, headers } of ringMessages(filling)) {
      init ??= payload.subarray(0, headers.initBytes);
      epoch = headers.epoch;
      entries.push({
        streamSequence: headers.sequence + 1,
        brokerMs: Date.parse(headers.capturedAt) + 1000,
        payloadBytes: payload.length,
        headers,
      });
      const file = await open(join(folder, `fragment-${headers.sequence}`), 'w');
      await file.write(payload);
      await file.close();
    }
    const all = { startNs: 0n, endNs: 1n << 62n };
    const plan = planSource('endoscope', entries, all);
    if (!plan) throw new Error('nothing is in the ring');
    return new RingFiles(folder, plan, layoutMovie(plan, new Map([[epoch, init ?? Buffer.alloc(0)]])));
  }

  /** The clip as the buffer makes it, every fragment's hash checked. */
  movie(): AsyncGenerator<Uint8Array> {
    return assembleMovie(this.layout, this.plan.fragments, this.#payloads());
  }

  async *#payloads() {
    for (const [i, { entry }] of this.plan.fragments.entries()) {
      const { epoch, sequence } = entry.headers;
      const file = await open(join(this.#folder, `fragment-${sequence}`));
      const payload = this.#buffer(i, entry.payloadBytes);
      await file.read(payload, 0, payload.length, 0);
      await file.close();
      yield { epoch, sequence, payload };
    }
  }

  /** Used again when it has been written: new ones by the megabyte would measure the garbage collection. */
  #buffer(number: number, bytes: number): Buffer {
    const at = number % BUFFERS;
    const known = this.#buffers[at];
    const buffer = known && known.length >= bytes ? known : (this.#buffers[at] = Buffer.allocUnsafeSlow(bytes + 4096));
    return buffer.subarray(0, bytes);
  }
}

/** Writes a film and makes it safe. The time it took, ms. */
export async function writeFilm(path: string, movie: AsyncIterable<Uint8Array>): Promise<number> {
  const start = performance.now();
  const file = await open(path, 'w');
  try {
    for await (const part of movie) await file.write(part);
    await file.sync();
  } finally {
    await file.close();
  }
  return performance.now() - start;
}
