import type { ProcedureSnapshot } from '@smartbox/contracts';
import type { Messaging } from '@smartbox/messaging';
import type { Snapshots } from '../application/ports.ts';

/** Asks the catalog, once per object. */
export class CatalogSnapshots implements Snapshots {
  readonly #messaging: Messaging;

  constructor(messaging: Messaging) {
    this.#messaging = messaging;
  }

  get({ id, procedureId }: { id: string; procedureId: string }): Promise<ProcedureSnapshot> {
    return this.#messaging.call('catalog.get-procedure', { procedureId, clipId: id });
  }

  asOf(procedureId: string, version: number): Promise<ProcedureSnapshot> {
    return this.#messaging.call('catalog.get-procedure', { procedureId, version });
  }
}
