import type { InstanceCreated } from '@smartbox/contracts';
import { deliveryFacts, deliveryIdOf, DESTINATION_UNKNOWN, newDelivery } from '../domain/delivery.ts';
import type { Destinations } from './destination.ts';
import type { Announcements, Records } from './ports.ts';

/** An instance meant for a destination that nobody configured: visible as failed, sent once it is configured. */
export class RefuseUnknown {
  readonly #destinations: Destinations;
  readonly #records: Records;
  readonly #announce: Announcements;

  constructor(destinations: Destinations, records: Records, announce: Announcements) {
    this.#destinations = destinations;
    this.#records = records;
    this.#announce = announce;
  }

  async run(instance: InstanceCreated): Promise<void> {
    for (const name of instance.destinations) {
      if (this.#destinations.has(name) || (await this.#records.get(deliveryIdOf(instance.instanceId, name)))) continue;
      const failed = { code: DESTINATION_UNKNOWN, reason: `destinations.yaml has no destination called ${name}` };
      const record = newDelivery(instance, name);
      await this.#announce.failed({ ...deliveryFacts(record), attempt: 0, ...failed });
      await this.#records.put({ ...record, state: 'failed', failed });
    }
  }
}
