import type { ProcedureSnapshot } from '@smartbox/contracts';
import type { Messaging } from '@smartbox/messaging';
import type { ProcedureFacts } from '../application/procedure-ports.ts';
import { ObjectGathering, objectEvents, type ProcedureObjects, type Versions } from '../domain/procedure-objects.ts';

/** What is known of a procedure: the catalog's snapshot, and its objects as the events tell of them. */
export class EventProcedureFacts implements ProcedureFacts {
  readonly #messaging: Messaging;

  constructor(messaging: Messaging) {
    this.#messaging = messaging;
  }

  snapshot(procedureId: string): Promise<ProcedureSnapshot> {
    return this.#messaging.call('catalog.get-procedure', { procedureId });
  }

  async objects(procedureId: string, fromSequence: number, versions: Versions): Promise<ProcedureObjects> {
    const gathering = new ObjectGathering(procedureId);
    const names = objectEvents;
    for await (const { event, name } of this.#messaging.readEvents({ fromSequence, names, follow: false })) {
      const known = objectEvents.find((one) => one === name);
      if (event && known) gathering.hear(known, event.data);
    }
    return gathering.result(versions);
  }
}
