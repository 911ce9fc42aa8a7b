import type { Consumer, JsMsg } from '@nats-io/jetstream';
import { againSubject, type Service } from '@smartbox/contracts';
import { inputError, SmartBoxError, toError } from '@smartbox/kernel';
import { counter, createLogger, histogram, withSpan, type Logger } from '@smartbox/telemetry';
import { deleteLetter, originOf, storedLetter, type Origin } from './again.ts';
import type { NatsLink } from './connection.ts';
import { publishDeadLetter } from './dead-letter.ts';
import { parseEnvelope } from './envelope.ts';
import { fromNatsHeaders } from './headers.ts';
import type { ConsumerOptions, MessageContext } from './message.ts';
import { apiCode, CONSUMER_NOT_FOUND, ensureDurable, STREAM_NOT_FOUND, type DurableDefinition } from './streams.ts';
import { done, retryAfter, type Verdict } from './verdict.ts';

export interface JetStreamConsumerOptions extends ConsumerOptions {
  stream: string;
  filterSubjects: readonly string[];
  service: Service;
}

export type MessageHandler = (data: unknown, context: MessageContext) => Verdict | Promise<Verdict>;

const BACKOFF_MS = [1000, 2000, 5000, 10_000, 30_000, 60_000];
/** In flight when the service stops: within bootstrap's 10 s, with time to acknowledge. */
const GRACE_MS = 8000;

export interface ConsumerState {
  /** Not yet delivered. */
  pending: number;
  /** Delivered and not acknowledged. */
  inFlight: number;
  redelivered: number;
}

/**
 * One durable, handled with bounded concurrency: as many lanes as messages may be in work, each of which asks for one
 * message, handles it, and only then asks for the next. Nothing is prefetched, so nothing times out while it waits in
 * this process, and what a connection owes us stays below `concurrency` messages (the 64 MB max_pending of the server).
 */
export class JetStreamConsumer {
  readonly options: JetStreamConsumerOptions;
  readonly #link: NatsLink;
  readonly #handler: MessageHandler;
  readonly #log: Logger;
  readonly #definition: DurableDefinition;
  readonly #stop = new AbortController();
  readonly #giveUp = new AbortController();
  #lanes: Promise<void>[] = [];
  #consumer: Promise<Consumer> | undefined;
  #resume: PromiseWithResolvers<void> | undefined;
  readonly #fetching = new Set<{ close(): Promise<unknown> }>();

  constructor(link: NatsLink, options: JetStreamConsumerOptions, handler: MessageHandler) {
    if (!options.durable.startsWith(`${options.service}-`)) {
      throw inputError('durable-name', `durable ${options.durable}: it has to begin with ${options.service}-`);
    }
    this.#link = link;
    this.options = options;
    this.#handler = handler;
    this.#log = createLogger(options.service).child({ durable: options.durable });
    this.#definition = {
      stream: options.stream,
      durable: options.durable,
      filterSubjects: [...options.filterSubjects, againSubject(options.stream, options.durable)],
      ackWaitMs: options.ackWaitMs ?? 30_000,
      maxDeliver: options.maxDeliver ?? 8,
      deliver: options.deliver ?? 'all',
    };
  }

  /** Creates or updates the durable and begins. */
  async start(): Promise<this> {
    await ensureDurable(this.#link.jsm, this.#definition);
    this.#lanes = Array.from({ length: this.options.concurrency ?? 1 }, () => this.#lane());
    return this;
  }

  get paused(): boolean {
    return this.#resume !== undefined;
  }

  /** Takes no new messages; what is in work goes on. Not remembered over a restart. */
  pause(): void {
    if (this.#resume) return;
    this.#resume = Promise.withResolvers();
    for (const fetch of this.#fetching) void fetch.close();
  }

  resume(): void {
    this.#resume?.resolve();
    this.#resume = undefined;
  }

  async state(): Promise<ConsumerState> {
    const info = await this.#link.jsm.consumers.info(this.options.stream, this.options.durable);
    return { pending: info.num_pending, inFlight: info.num_ack_pending, redelivered: info.num_redelivered };
  }

  /** Takes no new messages and waits for those in work; after the grace period their `signal` aborts. */
  async close(graceMs: number = GRACE_MS): Promise<void> {
    this.#stop.abort();
    for (const fetch of this.#fetching) void fetch.close();
    this.resume();
    const timer = setTimeout(() => this.#giveUp.abort(), graceMs);
    await Promise.allSettled(this.#lanes);
    clearTimeout(timer);
  }

  /** Closes and removes the durable from the server: its position is forgotten. */
  async delete(): Promise<void> {
    await this.close();
    await this.#link.jsm.consumers.delete(this.options.stream, this.options.durable).catch((error: unknown) => {
      if (apiCode(error) !== CONSUMER_NOT_FOUND) throw error;
    });
  }

  async #lane(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#resume?.promise;
      if (this.#stop.signal.aborted) return;
      try {
        const message = await this.#next();
        if (message) await this.#process(message);
      } catch (error) {
        if (this.#stop.signal.aborted || this.#link.connection.isClosed()) return;
        await this.#recover(error);
      }
    }
  }

  async #next(): Promise<JsMsg | undefined> {
    const { stream, durable } = this.options;
    const consumer = await (this.#consumer ??= this.#link.js.consumers.get(stream, durable));
    while (!this.#stop.signal.aborted && !this.paused) {
      const messages = await consumer.fetch({ max_messages: 1, expires: 30_000, idle_heartbeat: 5000 });
      this.#fetching.add(messages);
      try {
        for await (const message of messages) return message;
      } finally {
        this.#fetching.delete(messages);
      }
    }
    return undefined;
  }

  /** A lost heartbeat, a restarted broker, a durable that somebody removed: never the end of the reader. */
  async #recover(error: unknown): Promise<void> {
    const code = apiCode(error);
    this.#consumer = undefined;
    this.#log.warn({ err: toError(error).message }, 'reading was interrupted, going on');
    try {
      if (code === CONSUMER_NOT_FOUND || code === STREAM_NOT_FOUND || /deleted/i.test(toError(error).message)) {
        await ensureDurable(this.#link.jsm, this.#definition);
      }
    } catch (failed) {
      this.#log.warn({ err: toError(failed).message }, 'the durable cannot be made yet');
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }

  async #process(message: JsMsg): Promise<void> {
    const headers = fromNatsHeaders(message.headers);
    const { durable } = this.options;
    const origin = originOf(headers);
    const subject = origin?.subject ?? message.subject;
    const parsed = parseEnvelope(subject, message.data);
    const parent = headers['traceparent'] ? headers : parsed.ok ? { traceparent: parsed.event.traceparent } : {};
    const attributes = {
      'messaging.system': 'nats',
      'messaging.destination.name': subject,
      'messaging.consumer.group.name': durable,
      'smartbox.delivery': message.info.deliveryCount,
      'smartbox.stream_sequence': message.seq,
    };
    const started = performance.now();
    let outcome = 'failed';
    try {
      await withSpan(
        `process ${subject}`,
        attributes,
        async () => {
          const verdict: Verdict = parsed.ok
            ? await this.#handle(message, parsed.name, parsed.event, headers, origin)
            : { kind: 'reject', code: 'invalid-message', reason: parsed.reason };
          outcome = verdict.kind;
          if (verdict.kind === 'done' && origin) await deleteLetter(this.#link, origin.letter);
          await this.#settle(message, headers, verdict);
        },
        { kind: 'consumer', parent },
      );
    } catch (error) {
      // Not settled: it stays unacknowledged and comes again after ack_wait.
      this.#log.error({ err: toError(error), sequence: message.seq }, 'the message could not be settled');
    }
    const labels = { durable, outcome };
    counter('smartbox_messages_total', 'Messages handled, by outcome', ['durable', 'outcome']).inc(labels);
    histogram('smartbox_message_seconds', 'Time to handle a message', ['durable', 'outcome']).observe(
      labels,
      (performance.now() - started) / 1000,
    );
  }

  async #handle(
    message: JsMsg,
    name: string,
    event: MessageContext['event'],
    headers: MessageContext['headers'],
    origin: Origin | undefined,
  ): Promise<Verdict> {
    const heartbeat = setInterval(
      () => {
        try {
          message.working();
        } catch (error) {
          this.#log.warn({ err: toError(error).message }, 'no heartbeat could be sent');
        }
      },
      Math.max(50, this.#definition.ackWaitMs / 3),
    );
    try {
      // Settled by an earlier delivery, or discarded by a person.
      if (origin && !(await storedLetter(this.#link, origin.letter))) return done();
      return await this.#handler(event.data, {
        name,
        subject: origin?.subject ?? message.subject,
        event,
        headers,
        deliveryCount: message.info.deliveryCount,
        streamSequence: origin?.sequence ?? message.seq,
        timestamp: origin ? new Date(event.time) : message.time,
        signal: this.#giveUp.signal,
      });
    } catch (error) {
      return this.#verdictOf(error, message.info.deliveryCount);
    } finally {
      clearInterval(heartbeat);
    }
  }

  #verdictOf(thrown: unknown, deliveryCount: number): Verdict {
    const error = toError(thrown);
    this.#log.warn({ err: error, delivery: deliveryCount }, 'the handler failed');
    if (error instanceof SmartBoxError && !error.retryable) {
      return { kind: 'reject', code: error.code, reason: error.message };
    }
    const steps = this.options.backoffMs ?? BACKOFF_MS;
    const step = steps[Math.min(deliveryCount, steps.length) - 1] ?? 1000;
    const code = error instanceof SmartBoxError ? `${error.code}: ` : '';
    return retryAfter(step * (0.8 + 0.4 * Math.random()), `${code}${error.message}`);
  }

  async #settle(message: JsMsg, headers: MessageContext['headers'], verdict: Verdict): Promise<void> {
    const { maxDeliver } = this.#definition;
    const last = maxDeliver > 0 && message.info.deliveryCount >= maxDeliver;
    switch (verdict.kind) {
      case 'done':
        // Double ack: only the server's answer says that it will not come again.
        if (!(await message.ackAck({ timeout: 10_000 }))) throw new Error('the acknowledgement was already sent');
        return;
      case 'retry':
        if (!last) {
          message.nak(Math.max(1, Math.round(verdict.delayMs)));
          return;
        }
        return this.#bury(message, headers, 'max-deliveries', `${maxDeliver} deliveries; the last: ${verdict.reason}`);
      case 'reject':
        return this.#bury(message, headers, verdict.code, verdict.reason);
    }
  }

  async #bury(message: JsMsg, headers: MessageContext['headers'], code: string, reason: string): Promise<void> {
    this.#log.error({ code, reason, subject: message.subject, sequence: message.seq }, 'dead letter');
    try {
      await publishDeadLetter(this.#link, this.options.service, {
        stream: this.options.stream,
        subject: message.subject,
        sequence: message.seq,
        consumer: this.options.durable,
        deliveries: message.info.deliveryCount,
        code,
        reason,
        payload: message.data,
        headers,
      });
    } catch (error) {
      // Not kept yet, so not given up: it comes again, or its advisory does.
      message.nak(5000);
      throw error;
    }
    message.term(code);
  }
}
