import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { done, Messaging, reject, retryAfter, type Verdict } from '@smartbox/messaging';
import { Webhooks } from '../application/webhooks.ts';
import { eventsBehind } from '../domain/webhook.ts';
import { WebhookStore } from '../outbound/webhook-store.ts';

/** One durable for each webhook, so that none waits for another; told is what happens after it was configured. */
@Injectable()
export class WebhookConsumers implements OnApplicationBootstrap {
  readonly #messaging: Messaging;
  readonly #webhooks: Webhooks;
  readonly #store: WebhookStore;

  constructor(
    @Inject(Messaging) messaging: Messaging,
    @Inject(Webhooks) webhooks: Webhooks,
    @Inject(WebhookStore) store: WebhookStore,
  ) {
    this.#messaging = messaging;
    this.#webhooks = webhooks;
    this.#store = store;
  }

  async onApplicationBootstrap(): Promise<void> {
    if (this.#webhooks.all.length > 0) await this.#store.prune(new Date());
    for (const webhook of this.#webhooks.all) {
      await this.#messaging.consumeEvents(
        eventsBehind(webhook.types),
        // Attempts are counted in the log: a restart in the middle of one is none.
        { durable: `catalog-webhook-${webhook.name}`, concurrency: 4, maxDeliver: -1, deliver: 'new' },
        async (data, { event, name, signal }): Promise<Verdict> => {
          const { id, time } = event;
          const outcome = await this.#webhooks.tell(webhook, { id, time, name: name as never, data }, signal);
          switch (outcome.kind) {
            case 'delivered':
              return done();
            case 'retry':
              return retryAfter(outcome.delayMs, outcome.reason);
            case 'failed':
              return reject(outcome.code, outcome.reason);
          }
        },
      );
    }
  }
}
