import {
  COMMANDS,
  commandSubject,
  DEAD,
  EVENTS,
  eventSubject,
  type CommandData,
  type CommandName,
  type EventData,
  type EventName,
  type RpcName,
  type RpcReply,
  type RpcRequest,
  type Service,
  type StreamDefinition,
} from '@smartbox/contracts';
import { toError } from '@smartbox/kernel';
import { createLogger, health, injectTrace, withSpan, type Logger } from '@smartbox/telemetry';
import type { z } from 'zod';
import { AdvisoryReader } from './advisories.ts';
import { connectNats, type NatsLink, type NatsOptions } from './connection.ts';
import { JetStreamConsumer, type JetStreamConsumerOptions, type MessageHandler } from './consumer.ts';
import { buildEnvelope, parseEnvelope } from './envelope.ts';
import { fromNatsHeaders } from './headers.ts';
import { openKv, type KvOptions, type KvStore } from './kv.ts';
import { DeadLetters } from './letters.ts';
import type { CommandHandler, ConsumerOptions, EventHandler, RpcHandler, StoredEvent } from './message.ts';
import { readOrdered } from './ordered-reader.ts';
import { publishWithRetry, type Published } from './publish.ts';
import { RingAccess } from './ring.ts';
import { call, serve, type AnyRpcHandler, type CallOptions, type RpcServer } from './rpc.ts';
import { ensureStream } from './streams.ts';

export interface MessagingOptions extends Omit<NatsOptions, 'name'> {
  service: Service;
  /** Copies of each stream this process declares; absent: 1 for new ones, unchanged for existing ones. */
  replicas?: number | undefined;
}

export interface PublishEventOptions {
  /** Deduplication id, deterministic from the work: a repeated publish is one event. */
  id: string;
  /** CloudEvents `subject`: what the event is about. */
  subject?: string;
  /** How long to try, ms; default 20 000. */
  deadlineMs?: number;
}

/** One service's door to the corridor. The only importer of the NATS clients is this library. */
export class Messaging {
  readonly service: Service;
  /** Big messages: the ring of a station. */
  readonly ring: RingAccess;
  /** What any service has given up. */
  readonly letters: DeadLetters;
  readonly #link: NatsLink;
  readonly #log: Logger;
  readonly #replicas: number | undefined;
  readonly #consumers = new Set<JetStreamConsumer>();
  readonly #servers = new Set<RpcServer>();
  #advisories: AdvisoryReader | undefined;
  #advisoriesStarted: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  private constructor(link: NatsLink, options: MessagingOptions) {
    this.#link = link;
    this.service = options.service;
    this.#replicas = options.replicas;
    this.#log = createLogger(options.service);
    this.ring = new RingAccess(link);
    this.letters = new DeadLetters(link);
  }

  /** Connects, checks the server, declares EVENTS, COMMANDS and DEAD, and adds the health check `nats`. */
  static async connect(options: MessagingOptions): Promise<Messaging> {
    const link = await connectNats({ ...options, name: options.service });
    const messaging = new Messaging(link, options);
    link.onStatus((status) => {
      if (status.type !== 'closed') messaging.#log.warn({ status }, 'connection to NATS');
    });
    health.add('nats', () => (link.connected ? undefined : 'not connected to NATS'));
    for (const stream of [EVENTS, COMMANDS, DEAD]) await messaging.ensureStream(stream);
    return messaging;
  }

  get connected(): boolean {
    return this.#link.connected;
  }

  get serverVersion(): string {
    return this.#link.serverVersion;
  }

  /** Called when the connection is lost, comes back, or is closed. Returns the way to stop. */
  onStatus(listener: Parameters<NatsLink['onStatus']>[0]): () => void {
    return this.#link.onStatus(listener);
  }

  /** Creates the stream or brings it to the definition; the publisher declares its stream. */
  ensureStream(definition: StreamDefinition, options: { replicas?: number } = {}): Promise<void> {
    // A station may not change what all rooms share (brokerRights).
    const change = this.service !== 'capture-edge';
    return ensureStream(this.#link.jsm, definition, { replicas: options.replicas ?? this.#replicas, change });
  }

  /** A checked event, acknowledged by the stream. @throws SmartBoxError `invalid-message`, `broker-unavailable`. */
  publishEvent<N extends EventName>(name: N, data: EventData<N>, options: PublishEventOptions): Promise<Published> {
    return this.#publish('evt', name, data, options);
  }

  /** A person's durable intent, acknowledged by the work queue. */
  publishCommand<N extends CommandName>(
    name: N,
    data: CommandData<N>,
    options: PublishEventOptions,
  ): Promise<Published> {
    return this.#publish('cmd', name, data, options);
  }

  #publish(kind: 'evt' | 'cmd', name: string, data: unknown, options: PublishEventOptions): Promise<Published> {
    const attributes = { 'messaging.system': 'nats', 'messaging.destination.name': `${kind}.${name}` };
    const work = () => {
      const trace: Record<string, string> = injectTrace({});
      const envelope = { service: this.service, id: options.id, subject: options.subject };
      const { subject, event } = buildEnvelope(kind, name, data, { ...envelope, traceparent: trace['traceparent'] });
      return publishWithRetry(this.#link, subject, new TextEncoder().encode(JSON.stringify(event)), {
        msgId: options.id,
        headers: trace,
        ...(options.deadlineMs === undefined ? {} : { deadlineMs: options.deadlineMs }),
      });
    };
    return withSpan(`publish ${kind}.${name}`, attributes, work, { kind: 'producer' });
  }

  /** Asks a service and waits. @throws SmartBoxError as the other side threw it; nobody there: retryable. */
  call<N extends RpcName>(name: N, request: RpcRequest<N>, options: CallOptions = {}): Promise<RpcReply<N>> {
    return call(this.#link, name, request, options);
  }

  /** Answers requests outside of Nest; inside, use `@Rpc`. */
  serve<N extends RpcName>(name: N, handler: RpcHandler<N>, options: { station?: string } = {}): RpcServer {
    const server = serve(this.#link, this.service, name, options.station, handler as AnyRpcHandler);
    this.#servers.add(server);
    return {
      close: () => {
        this.#servers.delete(server);
        return server.close();
      },
    };
  }

  /** A durable consumer of events made at run time; for one that is known at build time use `@OnEvent`. */
  consumeEvents<N extends EventName>(
    names: readonly N[],
    options: ConsumerOptions,
    handler: EventHandler<N>,
  ): Promise<JetStreamConsumer> {
    return this.consume(
      { ...options, stream: EVENTS.name, service: this.service, filterSubjects: names.map(eventSubject) },
      handler as MessageHandler,
    );
  }

  /** A durable consumer of commands made at run time. */
  consumeCommands<N extends CommandName>(
    names: readonly N[],
    options: ConsumerOptions,
    handler: CommandHandler<N>,
  ): Promise<JetStreamConsumer> {
    return this.consume(
      { ...options, stream: COMMANDS.name, service: this.service, filterSubjects: names.map(commandSubject) },
      handler as MessageHandler,
    );
  }

  /** @internal The untyped form behind consumeEvents, consumeCommands and the decorators. */
  async consume(options: JetStreamConsumerOptions, handler: MessageHandler): Promise<JetStreamConsumer> {
    const consumer = new JetStreamConsumer(this.#link, options, handler);
    await this.#readAdvisories();
    await consumer.start();
    this.#consumers.add(consumer);
    return consumer;
  }

  #readAdvisories(): Promise<void> {
    this.#advisories ??= new AdvisoryReader(this.#link, this.service);
    return (this.#advisoriesStarted ??= this.#advisories.start());
  }

  /**
   * Every event from a stream sequence on, in order, exactly once, and then each as it comes, until `signal` aborts
   * or the caller breaks; an event that this build cannot read comes with `invalid`. The caller keeps the sequence in
   * its own transaction. With `follow: false` it ends with the last event that is there.
   */
  async *readEvents(
    options: { fromSequence?: number; names?: readonly EventName[]; follow?: boolean; signal?: AbortSignal } = {},
  ): AsyncGenerator<StoredEvent> {
    const messages = readOrdered(this.#link, EVENTS.name, {
      // Without what is delivered once more to a single consumer.
      subjects: options.names?.map(eventSubject) ?? ['evt.>'],
      fromSequence: options.fromSequence,
      ahead: { messages: 256 },
      follow: options.follow ?? true,
      signal: options.signal,
    });
    for await (const message of messages) {
      const base = {
        sequence: message.seq,
        timestamp: message.time,
        subject: message.subject,
        headers: fromNatsHeaders(message.headers),
        pending: message.info.pending,
      };
      const parsed = parseEnvelope(message.subject, message.data);
      if (parsed.ok) yield { ...base, event: parsed.event, name: parsed.name as EventName };
      else yield { ...base, invalid: parsed.reason };
    }
  }

  /** What EVENTS holds: sequences of its first and last event, and when the stream was made (a new one counts from 1). */
  async eventsState(): Promise<{ created: string; firstSequence: number; lastSequence: number }> {
    const { created, state } = await this.#link.jsm.streams.info(EVENTS.name);
    return { created: String(created), firstSequence: state.first_seq, lastSequence: state.last_seq };
  }

  /** Not stored, not acknowledged: live access units. Dropped while there is no connection. */
  publishLive(subject: string, bytes: Uint8Array): void {
    if (!this.#link.connected) return;
    try {
      this.#link.connection.publish(subject, bytes);
    } catch (error) {
      this.#log.warn({ err: toError(error).message, subject }, 'a live message was dropped');
    }
  }

  /** Every message on the subject until the returned function is called. A throw in the callback is logged. */
  subscribeLive(subject: string, callback: (bytes: Uint8Array, subject: string) => void): () => void {
    const subscription = this.#link.connection.subscribe(subject, {
      callback: (error, message) => {
        if (error) {
          this.#log.warn({ err: error.message, subject }, 'the live subscription reports an error');
          return;
        }
        try {
          callback(message.data, message.subject);
        } catch (thrown) {
          this.#log.error({ err: toError(thrown), subject }, 'the live callback failed');
        }
      },
    });
    return () => {
      if (!this.#link.connection.isClosed()) subscription.unsubscribe();
    };
  }

  /** Sends what is buffered and waits until the server has seen it (subscriptions, live messages). */
  flush(): Promise<void> {
    return this.#link.connection.flush();
  }

  /** Opens a KV bucket, creating it where it is missing; values are checked against the schema both ways. */
  kv<T>(bucket: string, schema: z.ZodType<T>, options: KvOptions = {}): Promise<KvStore<T>> {
    const replicas = options.replicas ?? this.#replicas;
    return openKv(this.#link, bucket, schema, { ...options, ...(replicas === undefined ? {} : { replicas }) });
  }

  /** Takes no new work, waits for what is in flight (8 s), sends what is buffered, closes. */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  /** @internal First half of close: no new messages or requests, wait for those in flight. */
  async stopConsuming(): Promise<void> {
    const consumers = [...this.#consumers].map((consumer) => consumer.close());
    const servers = [...this.#servers].map((server) => server.close());
    await Promise.allSettled([...consumers, ...servers, this.#advisories?.close()]);
  }

  async #close(): Promise<void> {
    await this.stopConsuming();
    await this.ring.close().catch(() => undefined);
    await this.#link.close().catch(() => undefined);
    health.remove('nats');
  }
}
