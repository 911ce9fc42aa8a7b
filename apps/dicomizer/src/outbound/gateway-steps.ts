import { SmartBoxError } from '@smartbox/kernel';
import type { Messaging } from '@smartbox/messaging';
import type { Steps } from '../application/ports.ts';

/** Asks the PACS gateway, which tells the information system. */
export class GatewaySteps implements Steps {
  readonly #messaging: Messaging;

  constructor(messaging: Messaging) {
    this.#messaging = messaging;
  }

  async of(procedureId: string, version: number): Promise<string | undefined> {
    try {
      const of = { procedureId, ...(version > 0 ? { version } : {}) };
      const { step } = await this.#messaging.call('pacs-gateway.get-procedure-step', of);
      return step?.sopInstanceUid;
    } catch (error) {
      // a site without a gateway tells nobody; one whose gateway is too slow is asked again
      if (error instanceof SmartBoxError && error.code === 'no-responders') return undefined;
      throw error;
    }
  }
}
