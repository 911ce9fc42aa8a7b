import type { EventData } from '@smartbox/contracts';
import type { Messaging } from '@smartbox/messaging';
import { counter, createLogger } from '@smartbox/telemetry';
import type { StepAnnouncements } from '../application/procedure-ports.ts';

const log = createLogger('pacs-gateway');

function count(outcome: string): void {
  counter('smartbox_procedure_steps_total', 'What became of performed procedure steps', ['outcome']).inc({ outcome });
}

/** Events about performed procedure steps; the same fact announced twice is one event. */
export class StepEvents implements StepAnnouncements {
  readonly #messaging: Messaging;

  constructor(messaging: Messaging) {
    this.#messaging = messaging;
  }

  async reported(event: EventData<'pacs-gateway.procedure-step.reported'>): Promise<void> {
    const { procedureId, sopInstanceUid, status, series, instances } = event;
    log.info({ procedureId, status, series, instances }, 'procedure step reported');
    count(status);
    const id = `${sopInstanceUid}/step/${status}`;
    await this.#messaging.publishEvent('pacs-gateway.procedure-step.reported', event, { id, subject: procedureId });
  }

  async deferred(event: EventData<'pacs-gateway.procedure-step.deferred'>, which: string): Promise<void> {
    const { procedureId, code, reason, parked, final } = event;
    log.warn({ procedureId, code, reason, parked, final }, 'procedure step not reported');
    count(final ? 'failed' : parked ? 'parked' : 'deferred');
    const id = `${procedureId}/step/deferred/${which}`;
    await this.#messaging.publishEvent('pacs-gateway.procedure-step.deferred', event, { id, subject: procedureId });
  }
}
