import { SmartBoxError, toError } from '@smartbox/kernel';
import type { Logger } from '@smartbox/telemetry';
import type { Outbox, Publisher } from './ports.ts';

const BATCH = 50;
const POLL_MS = 1000;
const KEEP_MS = 7 * 24 * 3_600_000;

/** Publishes the outbox in order. What was sent but not yet marked is sent again under the same id: harmless. */
export class Relay {
  readonly #outbox: Outbox;
  readonly #publisher: Publisher;
  readonly #log: Logger;
  #stopped = false;
  #wake: (() => void) | undefined;
  #woken = false;
  #running: Promise<void> | undefined;
  #trouble: string | undefined;

  constructor(outbox: Outbox, publisher: Publisher, log: Logger) {
    this.#outbox = outbox;
    this.#publisher = publisher;
    this.#log = log;
    outbox.onWritten(() => this.#poke());
  }

  get trouble(): string | undefined {
    return this.#trouble;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#poke();
    await this.#running;
  }

  #poke(): void {
    this.#woken = true;
    this.#wake?.();
  }

  async #run(): Promise<void> {
    await this.#outbox.prune(new Date(Date.now() - KEEP_MS)).catch(() => 0);
    let wait = 100;
    while (!this.#stopped) {
      this.#woken = false;
      try {
        const entries = await this.#outbox.pending(BATCH);
        for (const { id, messageId, message, traceparent } of entries) {
          if (this.#stopped) return;
          await this.#publisher.publish(message, { messageId, traceparent });
          await this.#outbox.published(id);
        }
        this.#trouble = undefined;
        wait = 100;
        if (entries.length < BATCH) await this.#sleep(POLL_MS);
      } catch (error) {
        this.#trouble = error instanceof SmartBoxError ? error.code : toError(error).name;
        this.#log.error({ code: this.#trouble, reason: toError(error).message }, 'the outbox waits; trying again');
        await new Promise((resolve) => setTimeout(resolve, wait));
        wait = Math.min(wait * 2, 5000);
      }
    }
  }

  #sleep(ms: number): Promise<void> {
    if (this.#woken || this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
