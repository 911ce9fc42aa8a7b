import type { BreakGlassStore as Port } from '../../application/access/ports.ts';
import type { Audit } from '../../application/ports.ts';
import type { Opened } from '../../domain/access/caller.ts';
import { writeAudit } from '../audit.ts';
import type { Database } from '../database.ts';
import type { OutboxStore } from '../outbox-store.ts';

export class BreakGlassStore implements Port {
  readonly #db: Database;
  readonly #outbox: OutboxStore;

  constructor(db: Database, outbox: OutboxStore) {
    this.#db = db;
    this.#outbox = outbox;
  }

  async open(grant: Opened & { accountId: string; actor: string }, at: Date): Promise<void> {
    const { grantId, stationId, actor, reason, until, accountId } = grant;
    await this.#outbox.tx(async (tx, enqueue) => {
      await tx.breakGlass.create({ data: { grantId, accountId, stationId, reason, until, startedAt: at } });
      // Why stays here: what somebody types may name a patient.
      const data = { grantId, stationId, account: actor, until: until.toISOString() };
      await enqueue([{ kind: 'event', name: 'catalog.access.opened', data }]);
      const detail = { grantId, reason, until: until.toISOString() };
      await writeAudit(tx, `station/${stationId}`, { actor, action: 'access.break-glass', detail, stationId }, at);
    });
  }

  close(grantId: string, accountId: string, audit: Audit, at: Date): Promise<boolean> {
    return this.#db.tx(async (tx) => {
      const where = { grantId, accountId, endedAt: null, until: { gt: at } };
      const { count } = await tx.breakGlass.updateMany({ where, data: { endedAt: at } });
      const grant = count > 0 ? await tx.breakGlass.findUnique({ where: { grantId } }) : null;
      if (!grant) return false;
      const { stationId } = grant;
      await writeAudit(tx, `station/${stationId}`, { ...audit, stationId }, at);
      return true;
    });
  }
}
