import type { ProcedureSnapshot } from '@smartbox/contracts';
import type { Messaging } from '@smartbox/messaging';
import type { Snapshots } from '../application/ports.ts';

/** Asks the catalog, once per object. */
export class CatalogSnapshots implements Snapshots {
  readonly #messaging: Messaging;

  constructor(messaging: Messaging) {
    this.#messaging = messaging;
  }

  get(procedureId: string): Promise<ProcedureSnapshot> {
    return this.#messaging.call('catalog.get-procedure', { procedureId });
  }
}
