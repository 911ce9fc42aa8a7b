import { Controller, Inject } from '@nestjs/common';
import { Webhooks } from '../../application/webhooks.ts';
import { WebhookStore } from '../../outbound/webhook-store.ts';
import { found } from './not-found.ts';
import { Input, Op } from './operation.decorator.ts';
import type { InputOf } from './operations.ts';
import { who } from './who.ts';
import type { Audit } from '../../application/ports.ts';

@Controller('api/v1')
export class WebhooksController {
  readonly #webhooks: Webhooks;
  readonly #store: WebhookStore;

  constructor(@Inject(Webhooks) webhooks: Webhooks, @Inject(WebhookStore) store: WebhookStore) {
    this.#webhooks = webhooks;
    this.#store = store;
  }

  @Op('listWebhooks')
  async list() {
    return { items: await this.#webhooks.view() };
  }

  @Op('listWebhookDeliveries')
  async deliveries(@Input() { params, query }: InputOf<'listWebhookDeliveries'>) {
    this.#webhook(params.name);
    return { items: await this.#store.list(params.name, query) };
  }

  @Op('resendWebhookDelivery')
  async resend(@Input() { params }: InputOf<'resendWebhookDelivery'>): Promise<void> {
    const { name, messageId } = params;
    const audit: Audit = { actor: who().actor, action: 'webhook.resend', detail: { messageId } };
    await this.#webhooks.resend(this.#webhook(name), messageId, audit);
  }

  @Op('testWebhook')
  test(@Input() { params }: InputOf<'testWebhook'>) {
    return this.#webhooks.test(this.#webhook(params.name), { actor: who().actor, action: 'webhook.test' });
  }

  #webhook(name: string) {
    return found(
      this.#webhooks.all.find((webhook) => webhook.name === name),
      'webhook',
      name,
    );
  }
}
