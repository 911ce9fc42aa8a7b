import type { Messaging } from '@smartbox/messaging';
import type { Receivers } from '../application/ports.ts';

/** Asks the PACS gateway, which knows the destinations. */
export class GatewayReceivers implements Receivers {
  readonly #messaging: Messaging;

  constructor(messaging: Messaging) {
    this.#messaging = messaging;
  }

  async ofRejectionNotes(): Promise<ReadonlySet<string>> {
    const { destinations } = await this.#messaging.call('pacs-gateway.list-destinations', {});
    return new Set(destinations.filter((each) => each.rejectionNotes).map(({ name }) => name));
  }
}
