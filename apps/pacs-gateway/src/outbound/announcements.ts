import type { CommandData, EventData } from '@smartbox/contracts';
import type { Messaging } from '@smartbox/messaging';
import { counter, createLogger, histogram } from '@smartbox/telemetry';
import type { Announcements } from '../application/ports.ts';

const log = createLogger('pacs-gateway');

function count(destination: string, outcome: string): void {
  counter('smartbox_deliveries_total', 'What became of deliveries', ['destination', 'outcome']).inc({
    destination,
    outcome,
  });
}

/** Delivery events; the same fact announced twice is one event. */
export class EventAnnouncements implements Announcements {
  readonly #messaging: Messaging;

  constructor(messaging: Messaging) {
    this.#messaging = messaging;
  }

  async started(event: EventData<'pacs-gateway.delivery.started'>): Promise<void> {
    const id = `${event.deliveryId}/started/${event.attempt}`;
    await this.#messaging.publishEvent('pacs-gateway.delivery.started', event, { id, subject: event.deliveryId });
  }

  async deferred(event: EventData<'pacs-gateway.delivery.deferred'>, which: string): Promise<void> {
    const { deliveryId, destination, code, reason, attempt, parked } = event;
    log.warn(
      { deliveryId, destination, code, reason, attempt, parked },
      parked ? 'destination is away' : 'delivery deferred',
    );
    count(destination, parked ? 'parked' : 'deferred');
    const id = `${deliveryId}/deferred/${which}`;
    await this.#messaging.publishEvent('pacs-gateway.delivery.deferred', event, { id, subject: deliveryId });
  }

  async failed(event: EventData<'pacs-gateway.delivery.failed'>): Promise<void> {
    const { deliveryId, destination, code, reason, attempt } = event;
    log.error({ deliveryId, destination, code, reason, attempt }, 'delivery failed: a person has to look');
    count(destination, 'failed');
    const id = `${deliveryId}/failed/${attempt}/${code}`;
    await this.#messaging.publishEvent('pacs-gateway.delivery.failed', event, { id, subject: deliveryId });
  }

  async stored(event: EventData<'pacs-gateway.instance.stored'>): Promise<void> {
    const { deliveryId, destination, status, warning, bytes, durationMs } = event;
    log.info({ deliveryId, destination, status, warning, bytes, durationMs }, 'instance stored');
    count(destination, warning === undefined ? 'stored' : 'stored-with-warning');
    histogram('smartbox_store_seconds', 'Time to send and store one instance', ['destination']).observe(
      { destination },
      durationMs / 1000,
    );
    await this.#messaging.publishEvent('pacs-gateway.instance.stored', event, {
      id: `${deliveryId}/stored/${event.attempt}`,
      subject: deliveryId,
    });
  }

  async replaced(event: EventData<'pacs-gateway.delivery.replaced'>, which: string): Promise<void> {
    const { deliveryId, destination, transferSyntaxUid, reason } = event;
    log.info({ deliveryId, destination, transferSyntaxUid, reason }, 'another transfer syntax is made for it');
    count(destination, 'replaced');
    const id = `${deliveryId}/replaced/${which}`;
    await this.#messaging.publishEvent('pacs-gateway.delivery.replaced', event, { id, subject: deliveryId });
  }

  async ask(rendition: CommandData<'transcoder.make-rendition'>, which: string): Promise<void> {
    const id = `make-rendition/${which}`;
    await this.#messaging.publishCommand('transcoder.make-rendition', rendition, {
      id,
      subject: rendition.renditionId,
    });
  }

  async committed(event: EventData<'pacs-gateway.instance.committed'>): Promise<void> {
    const { deliveryId, destination } = event;
    log.info({ deliveryId, destination }, 'the archive committed to an instance');
    count(destination, 'committed');
    await this.#messaging.publishEvent('pacs-gateway.instance.committed', event, {
      id: `${deliveryId}/committed`,
      subject: deliveryId,
    });
  }

  async commitmentWaived(event: EventData<'pacs-gateway.instance.commitment-waived'>): Promise<void> {
    const { deliveryId, destination } = event;
    log.info({ deliveryId, destination }, 'a commitment is not asked for any more');
    count(destination, 'commitment-waived');
    await this.#messaging.publishEvent('pacs-gateway.instance.commitment-waived', event, {
      id: `${deliveryId}/commitment-waived`,
      subject: deliveryId,
    });
  }

  async commitmentFailed(event: EventData<'pacs-gateway.instance.commitment-failed'>): Promise<void> {
    const { deliveryId, destination, code, reason, attempt, final } = event;
    log.warn({ deliveryId, destination, code, reason, attempt, final }, 'no commitment');
    count(destination, final ? 'not-committed' : 'commitment-deferred');
    const id = `${deliveryId}/commitment/${attempt}/${code}/${event.transactionUid ?? ''}${final ? '/final' : ''}`;
    await this.#messaging.publishEvent('pacs-gateway.instance.commitment-failed', event, { id, subject: deliveryId });
  }
}
