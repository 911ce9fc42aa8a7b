import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import type { EventData } from '@smartbox/contracts';
import { done, Messaging, reject, retryAfter, type MessageContext, type Verdict } from '@smartbox/messaging';
import { DeliverInstance } from '../application/deliver-instance.ts';
import type { Destination, Destinations } from '../application/destination.ts';
import { RefuseUnknown } from '../application/refuse-unknown.ts';
import { Resend } from '../application/resend.ts';
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
  readonly #stop = new AbortController();

  constructor(
    @Inject(Messaging) messaging: Messaging,
    @Inject(DeliverInstance) deliver: DeliverInstance,
    @Inject(RefuseUnknown) refuse: RefuseUnknown,
    @Inject(Resend) resend: Resend,
    @Inject(DESTINATIONS) destinations: Destinations,
  ) {
    this.#messaging = messaging;
    this.#deliver = deliver;
    this.#refuse = refuse;
    this.#resend = resend;
    this.#destinations = destinations;
  }

  async onApplicationBootstrap(): Promise<void> {
    for (const destination of this.#destinations.values()) {
      await this.#messaging.consumeEvents(
        ['dicomizer.instance.created'],
        {
          durable: `pacs-gateway-to-${destination.name}`,
          concurrency: destination.config.parallelAssociations,
          maxDeliver: -1,
          ackWaitMs: ACK_WAIT_MS,
        },
        (instance, context) => this.#send(instance, destination, context),
      );
    }
    await this.#messaging.consumeEvents(
      ['dicomizer.instance.created'],
      { durable: 'pacs-gateway-unknown-destinations', maxDeliver: -1 },
      async (instance) => {
        await this.#refuse.run(instance);
        return done();
      },
    );
    await this.#resend.resume();
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
  ): Promise<Verdict> {
    if (!instance.destinations.includes(destination.name)) return done();
    const outcome = await this.#deliver.run(instance, destination, {
      waiting: AbortSignal.any([context.signal, this.#stop.signal]),
      sending: context.signal,
    });
    switch (outcome.kind) {
      case 'stored':
        return done();
      case 'retry':
        return retryAfter(outcome.delayMs, outcome.reason);
      case 'dead':
        return reject(outcome.code, outcome.reason);
    }
  }
}
