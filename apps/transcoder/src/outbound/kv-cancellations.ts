import { Ulid } from '@smartbox/contracts';
import type { KvStore, Messaging } from '@smartbox/messaging';
import { z } from 'zod';
import type { Cancellations } from '../application/ports.ts';

const Cancelled = z.object({ clipId: Ulid });
const BUCKET = 'CANCELLATIONS';
const DAY_MS = 24 * 3_600_000;

/** Cancelled clips, in a KV bucket that every instance of the service watches; forgotten after a day. */
export class KvCancellations implements Cancellations {
  readonly #kv: KvStore<z.infer<typeof Cancelled>>;
  readonly #cancelled = new Set<string>();
  readonly #running = new Map<string, Set<AbortController>>();
  readonly #stop = new AbortController();

  private constructor(kv: KvStore<z.infer<typeof Cancelled>>) {
    this.#kv = kv;
  }

  static async open(messaging: Messaging): Promise<KvCancellations> {
    const cancellations = new KvCancellations(await messaging.kv(BUCKET, Cancelled, { ttlMs: DAY_MS }));
    void cancellations.#follow();
    return cancellations;
  }

  async cancel(clipId: string): Promise<void> {
    await this.#kv.put(clipId, { clipId });
    this.#abort(clipId);
  }

  async forget(clipId: string): Promise<void> {
    await this.#kv.delete(clipId);
    this.#cancelled.delete(clipId);
  }

  watch(clipId: string): { signal: AbortSignal; release: () => void } {
    const controller = new AbortController();
    if (this.#cancelled.has(clipId)) controller.abort();
    const running = this.#running.get(clipId) ?? new Set();
    this.#running.set(clipId, running.add(controller));
    const release = () => {
      running.delete(controller);
      if (running.size === 0) this.#running.delete(clipId);
    };
    return { signal: controller.signal, release };
  }

  close(): void {
    this.#stop.abort();
  }

  async #follow(): Promise<void> {
    for await (const change of this.#kv.watch('>', { signal: this.#stop.signal })) {
      if (change.value) this.#abort(change.value.clipId);
      else this.#cancelled.delete(change.key);
    }
  }

  #abort(clipId: string): void {
    this.#cancelled.add(clipId);
    for (const controller of this.#running.get(clipId) ?? []) controller.abort();
  }
}
