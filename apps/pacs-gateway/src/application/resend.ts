import { inputError, newId, toError } from '@smartbox/kernel';
import { forgiven } from '../domain/delivery.ts';
import type { DeliverInstance } from './deliver-instance.ts';
import type { Destinations } from './destination.ts';
import type { Records } from './ports.ts';
import type { Outcome } from './settle-delivery.ts';

/** A replica that died leaves its work to the others after so long. */
const LEASE_MS = 15_000;

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
  readonly #working = new Map<string, Promise<void>>();
  readonly #owner = newId();
  #timer: NodeJS.Timeout | undefined;

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
    const uncommitted = record.state === 'stored' && record.commitment === 'failed';
    if (record.state === 'stored' && !uncommitted) return;
    if (uncommitted || ['failed', 'deferred', 'replaced'].includes(record.state))
      await this.#records.put(forgiven(record));
    await this.#records.addResend(deliveryId);
    destination.gate.wake();
    this.#begin(deliveryId);
  }

  /** Takes up what was asked for before a restart, and what another replica left when it died. */
  async resume(): Promise<void> {
    const look = async (): Promise<void> => {
      for (const deliveryId of await this.#records.resends()) this.#begin(deliveryId);
    };
    await look();
    this.#timer = setInterval(() => void look().catch((error: unknown) => this.#onError(toError(error))), LEASE_MS / 2);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    await Promise.allSettled(this.#working.values());
  }

  #begin(deliveryId: string): void {
    if (this.#working.has(deliveryId) || this.#stop.signal.aborted) return;
    const work = this.#work(deliveryId)
      .catch((error: unknown) => this.#onError(toError(error)))
      .finally(() => this.#working.delete(deliveryId));
    this.#working.set(deliveryId, work);
  }

  async #work(deliveryId: string): Promise<void> {
    const claim = (ms: number) => this.#records.claimResend(deliveryId, this.#owner, ms);
    if (!(await claim(LEASE_MS))) return;
    const onError = (error: unknown): void => this.#onError(toError(error));
    const heartbeat = setInterval(() => void claim(LEASE_MS).catch(onError), LEASE_MS / 3);
    try {
      await this.#send(deliveryId);
    } finally {
      clearInterval(heartbeat);
      if (this.#stop.signal.aborted) await claim(0); // another replica need not wait
    }
  }

  async #send(deliveryId: string): Promise<void> {
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
