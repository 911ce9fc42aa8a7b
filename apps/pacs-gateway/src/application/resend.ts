import { inputError, toError } from '@smartbox/kernel';
import { forgiven } from '../domain/delivery.ts';
import type { DeliverInstance, Outcome } from './deliver-instance.ts';
import type { Destinations } from './destination.ts';
import type { Records } from './ports.ts';

/**
 * A person's "again, now". A failed delivery's message is gone from its queue, so the wish itself is what is kept: it is
 * worked off beside the queue, and begun again after a restart, until the delivery is stored or fails again.
 */
export class Resend {
  readonly #deliver: DeliverInstance;
  readonly #destinations: Destinations;
  readonly #records: Records;
  readonly #onError: (error: Error) => void;
  readonly #stop = new AbortController();
  readonly #working = new Set<Promise<void>>();

  constructor(deliver: DeliverInstance, destinations: Destinations, records: Records, onError: (error: Error) => void) {
    this.#deliver = deliver;
    this.#destinations = destinations;
    this.#records = records;
    this.#onError = onError;
  }

  /** @throws SmartBoxError `unknown-delivery`, `unknown-destination`. Resolves when the wish is durable. */
  async request(deliveryId: string, destinationName: string): Promise<void> {
    const destination = this.#destinations.get(destinationName);
    if (!destination) throw inputError('unknown-destination', `no destination is called ${destinationName}`);
    const record = await this.#records.get(deliveryId);
    if (!record || record.destination !== destinationName) {
      throw inputError('unknown-delivery', `nothing is known of delivery ${deliveryId} to ${destinationName}`);
    }
    if (record.state === 'stored') return;
    if (record.state === 'failed' || record.state === 'deferred') await this.#records.put(forgiven(record));
    await this.#records.addResend(deliveryId);
    destination.gate.wake();
    this.#begin(deliveryId);
  }

  /** Goes on with what was asked for before a restart. */
  async resume(): Promise<void> {
    for (const deliveryId of await this.#records.resends()) this.#begin(deliveryId);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#working);
  }

  #begin(deliveryId: string): void {
    const work = this.#work(deliveryId);
    this.#working.add(work);
    void work.finally(() => this.#working.delete(work));
  }

  async #work(deliveryId: string): Promise<void> {
    for (;;) {
      let waitMs = 10_000;
      try {
        const outcome = await this.#once(deliveryId);
        if (outcome?.kind !== 'retry') return await this.#records.removeResend(deliveryId);
        waitMs = outcome.delayMs;
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        this.#onError(toError(error));
      }
      await this.#pause(waitMs);
      if (this.#stop.signal.aborted) return;
    }
  }

  /** Undefined when there is nothing to send any more: the record has expired, or the destination was removed. */
  async #once(deliveryId: string): Promise<Outcome | undefined> {
    const record = await this.#records.get(deliveryId);
    const destination = record && this.#destinations.get(record.destination);
    if (!record || !destination) return undefined;
    const { signal } = this.#stop;
    return this.#deliver.run(record.instance, destination, { waiting: signal, sending: signal });
  }

  async #pause(ms: number): Promise<void> {
    const { signal } = this.#stop;
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done);
    });
  }
}
