import type { AuditBacklog, AuditQueue } from '../application/audit-sender.ts';
import { Prisma } from '../generated/prisma/client.ts';
import { chained } from './audit-store.ts';
import type { Database } from './database.ts';
import type { OutboxStore } from './outbox-store.ts';

const HOLD_MS = 120_000;

/** Up to which entry the repository has the audit. One row; locked by whoever sends. */
export class AuditSendingStore implements AuditQueue {
  readonly #db: Database;
  readonly #outbox: OutboxStore;

  constructor(db: Database, outbox: OutboxStore) {
    this.#db = db;
    this.#outbox = outbox;
  }

  async sendNext(limit: number, send: Parameters<AuditQueue['sendNext']>[1]): Promise<number> {
    return this.#db.tx(
      async (tx) => {
        // Another process of this service that sends has it.
        const [row] = await tx.$queryRaw<{ sequence: bigint }[]>`
          SELECT "sequence" FROM "audit_sending" WHERE "id" = 1 FOR UPDATE SKIP LOCKED`;
        if (!row) return 0;
        const entries = await chained(tx, Prisma.sql`"sequence" > ${row.sequence}`, limit);
        const last = entries.at(-1);
        if (!last) return 0;
        await send(entries);
        await tx.auditSending.update({ where: { id: 1 }, data: { sequence: BigInt(last.sequence) } });
        return entries.length;
      },
      { timeoutMs: HOLD_MS },
    );
  }

  async backlog(): Promise<AuditBacklog> {
    const { prisma } = this.#db;
    const { sequence, behindSince } = await prisma.auditSending.findUniqueOrThrow({ where: { id: 1 } });
    const where = { sequence: { gt: sequence } };
    const oldest = await prisma.auditEntry.findFirst({ where, orderBy: { sequence: 'asc' }, select: { at: true } });
    const entries = oldest ? await prisma.auditEntry.count({ where }) : 0;
    return { entries, since: oldest?.at, alarmedSince: behindSince ?? undefined };
  }

  async behind({ entries, since }: { entries: number; since: Date }, reason: string): Promise<void> {
    await this.#outbox.tx(async (tx, enqueue) => {
      const { count } = await tx.auditSending.updateMany({
        where: { behindSince: null },
        data: { behindSince: since },
      });
      const data = { entries, since: since.toISOString(), reason };
      if (count > 0) await enqueue([{ kind: 'event', name: 'catalog.audit.behind', data }]);
    });
  }

  async caughtUp(since: Date): Promise<void> {
    await this.#outbox.tx(async (tx, enqueue) => {
      const { count } = await tx.auditSending.updateMany({ where: { behindSince: { not: null } }, data: { behindSince: null } }); // prettier-ignore
      const data = { since: since.toISOString() };
      if (count > 0) await enqueue([{ kind: 'event', name: 'catalog.audit.caught-up', data }]);
    });
  }
}
