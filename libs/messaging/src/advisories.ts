import { COMMANDS, type Service } from '@smartbox/contracts';
import { toError } from '@smartbox/kernel';
import { createLogger, type Logger } from '@smartbox/telemetry';
import type { NatsLink } from './connection.ts';
import { publishDeadLetter } from './dead-letter.ts';
import { fromNatsHeaders } from './headers.ts';
import { ADVISORIES, apiCode, ensureDurable, ensureStream, MESSAGE_NOT_FOUND } from './streams.ts';

interface MaxDeliveries {
  stream: string;
  consumer: string;
  stream_seq: number;
  deliveries: number;
}

/**
 * Messages whose worker died on its last try: nobody could give a verdict, the server only says so once. The
 * advisories are kept in a stream of their own, so one that comes while no process of the service runs is not lost.
 */
export class AdvisoryReader {
  readonly #link: NatsLink;
  readonly #service: Service;
  readonly #log: Logger;
  readonly #stop = new AbortController();
  #loop: Promise<void> | undefined;
  #fetching: { close(): Promise<unknown> } | undefined;

  constructor(link: NatsLink, service: Service) {
    this.#link = link;
    this.#service = service;
    this.#log = createLogger(service);
  }

  async start(): Promise<void> {
    await ensureStream(this.#link.jsm, ADVISORIES);
    await ensureDurable(this.#link.jsm, {
      stream: ADVISORIES.name,
      durable: this.#name,
      filterSubjects: ADVISORIES.subjects,
      ackWaitMs: 30_000,
      maxDeliver: -1,
      deliver: 'all',
    });
    this.#loop = this.#run();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    void this.#fetching?.close();
    await this.#loop;
  }

  get #name(): string {
    return `${this.#service}-advisories`;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        const consumer = await this.#link.js.consumers.get(ADVISORIES.name, this.#name);
        const messages = await consumer.fetch({ max_messages: 1, expires: 30_000, idle_heartbeat: 5000 });
        this.#fetching = messages;
        for await (const message of messages) {
          await this.#bury(message.json<MaxDeliveries>());
          await message.ackAck();
        }
      } catch (error) {
        if (this.#stop.signal.aborted || this.#link.connection.isClosed()) return;
        this.#log.warn({ err: toError(error).message }, 'reading advisories was interrupted, going on');
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    }
  }

  async #bury(advisory: MaxDeliveries): Promise<void> {
    // Every service reads all of them and keeps its own: durables are named <service>-<what>.
    if (!advisory.consumer.startsWith(`${this.#service}-`)) return;
    const message = await this.#link.jsm.streams
      .getMessage(advisory.stream, { seq: advisory.stream_seq })
      .catch((error: unknown) => {
        if (apiCode(error) === MESSAGE_NOT_FOUND) return null;
        throw error;
      });
    // Gone: settled after all, or expired.
    if (!message) return;
    await publishDeadLetter(this.#link, this.#service, {
      stream: advisory.stream,
      subject: message.subject,
      sequence: advisory.stream_seq,
      consumer: advisory.consumer,
      deliveries: advisory.deliveries,
      code: 'max-deliveries',
      reason: `${advisory.deliveries} deliveries without a verdict: the worker ended each time`,
      payload: message.data,
      headers: fromNatsHeaders(message.header),
    });
    this.#log.error({ ...advisory }, 'dead letter: the worker ended at every delivery');
    // In a work queue a message without acknowledgement would stay for ever.
    if (advisory.stream === COMMANDS.name) {
      await this.#link.jsm.streams.deleteMessage(advisory.stream, advisory.stream_seq).catch(() => undefined);
    }
  }
}
