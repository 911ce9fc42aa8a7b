import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import type { EventData } from '@smartbox/contracts';
import {
  done,
  type JetStreamConsumer,
  Messaging,
  reject,
  retryAfter,
  type MessageContext,
  type Verdict,
} from '@smartbox/messaging';
import { DeliverInstance } from '../application/deliver-instance.ts';
import type { Destination, Destinations } from '../application/destination.ts';
import type { Records } from '../application/ports.ts';
import { RefuseUnknown } from '../application/refuse-unknown.ts';
import { Resend } from '../application/resend.ts';
import { KvRecords } from '../outbound/kv-records.ts';
import { DESTINATIONS } from '../tokens.ts';

/** After a crash an object on its way is sent anew so much later; heartbeats keep it while it is being sent. */
const ACK_WAIT_MS = 15_000;

/**
 * One durable for each destination, so that none ever waits for another. Attempts are counted in our own records: the
 * broker's count would burn while a destination is away, so it is unlimited.
 */
@Injectable()
export class InstanceConsumers implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  readonly #messaging: Messaging;
  readonly #deliver: DeliverInstance;
  readonly #refuse: RefuseUnknown;
  readonly #resend: Resend;
  readonly #destinations: Destinations;
  readonly #records: Records;
  readonly #stop = new AbortController();
  readonly #running = new Map<Destination, { consumer: JetStreamConsumer; stop: AbortController }>();

  constructor(
    @Inject(Messaging) messaging: Messaging,
    @Inject(DeliverInstance) deliver: DeliverInstance,
    @Inject(RefuseUnknown) refuse: RefuseUnknown,
    @Inject(Resend) resend: Resend,
    @Inject(DESTINATIONS) destinations: Destinations,
    @Inject(KvRecords) records: Records,
  ) {
    this.#messaging = messaging;
    this.#deliver = deliver;
    this.#refuse = refuse;
    this.#resend = resend;
    this.#destinations = destinations;
    this.#records = records;
  }

  async onApplicationBootstrap(): Promise<void> {
    for (const destination of this.#destinations.values()) await this.add(destination);
    await this.#messaging.consumeEvents(
      ['dicomizer.instance.created'],
      { durable: 'pacs-gateway-unknown-destinations', maxDeliver: -1 },
      async (instance) => {
        await this.#refuse.run(instance);
        return done();
      },
    );
    await this.#messaging.consumeEvents(
      ['catalog.procedure.corrected', 'catalog.clip.reassigned'],
      { durable: 'pacs-gateway-corrections', maxDeliver: -1 },
      async (event) => {
        if ('assignment' in event) await this.#records.corrected(event.clipId, event.assignment);
        else await this.#records.corrected(event.procedureId, event.version);
        return done();
      },
    );
    await this.#resend.resume();
  }

  /** From now on it gets what is for it, beginning where its queue stands. */
  async add(destination: Destination): Promise<void> {
    const stop = new AbortController();
    const waiting = AbortSignal.any([stop.signal, this.#stop.signal]);
    const consumer = await this.#messaging.consumeEvents(
      ['dicomizer.instance.created'],
      {
        durable: `pacs-gateway-to-${destination.name}`,
        concurrency: destination.config.parallelAssociations,
        maxDeliver: -1,
        ackWaitMs: ACK_WAIT_MS,
      },
      (instance, context) => this.#send(instance, destination, context, waiting),
    );
    this.#running.set(destination, { consumer, stop });
  }

  /** What is on its way is finished; its queue stays where it is. */
  async remove(destination: Destination): Promise<void> {
    const running = this.#running.get(destination);
    this.#running.delete(destination);
    running?.stop.abort(new Error(`${destination.name} was configured anew`));
    await running?.consumer.close();
  }

  /** Before the consumers are closed: what waits at a gate goes back to the stream at once. */
  onModuleDestroy(): void {
    this.#stop.abort(new Error('the service stops'));
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#resend.stop();
  }

  async #send(
    instance: EventData<'dicomizer.instance.created'>,
    destination: Destination,
    context: MessageContext,
    waiting: AbortSignal,
  ): Promise<Verdict> {
    if (!instance.destinations.includes(destination.name)) return done();
    const outcome = await this.#deliver.run(instance, destination, {
      waiting: AbortSignal.any([context.signal, waiting]),
      sending: context.signal,
    });
    switch (outcome.kind) {
      case 'stored':
      case 'replaced':
        return done();
      case 'retry':
        return retryAfter(outcome.delayMs, outcome.reason);
      case 'dead':
        return reject(outcome.code, outcome.reason);
    }
  }
}
