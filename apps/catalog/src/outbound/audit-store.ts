import type { AuditCheck } from '@smartbox/contracts';
import type { AuditLog } from '../application/access/ports.ts';
import type { Audit } from '../application/ports.ts';
import { ChainCheck, type Chained, type Link } from '../domain/audit/chain.ts';
import { Prisma } from '../generated/prisma/client.ts';
import { writeAudit } from './audit.ts';
import type { Database, Tx } from './database.ts';
import type { OutboxStore } from './outbox-store.ts';

const BATCH = 2000;
const LONG_MS = 600_000;
/** Also before an entry that somebody put where none can be. */
const BEFORE_ALL = -(2n ** 63n);

type Row = Omit<Chained, 'sequence'> & { sequence: bigint };

/** The chain of the audit: appending outside of changes, walking it, giving up what is too old. */
export class AuditStore implements AuditLog {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async write(subject: string, audit: Audit, at: Date): Promise<void> {
    await this.#db.tx((tx) => writeAudit(tx, subject, audit, at));
  }

  head(): Promise<Link & { base: Link }> {
    return readHead(this.#db.prisma);
  }

  /** Entries from the oldest on, some thousand in memory at a time. */
  async *each(filter: Prisma.AuditEntryWhereInput): AsyncGenerator<Chained> {
    for (let after = BEFORE_ALL; ;) {
      const found = await this.#db.prisma.auditEntry.findMany({
        where: { AND: [filter, { sequence: { gt: after } }] },
        orderBy: { sequence: 'asc' },
        take: BATCH,
        select: { sequence: true },
      });
      const last = found.at(-1);
      if (!last) return;
      const these = Prisma.join(found.map(({ sequence }) => sequence));
      yield* await chained(this.#db.prisma, Prisma.sql`"sequence" IN (${these})`);
      after = last.sequence;
    }
  }

  /** Every hash once more, as of one moment. @param anchors links that were kept elsewhere */
  check(at: Date, anchors: readonly Link[] = []): Promise<AuditCheck> {
    const walk = async (tx: Tx): Promise<AuditCheck> => {
      const { base, ...head } = await readHead(tx);
      const check = new ChainCheck(base, anchors);
      for (let after = BEFORE_ALL; ;) {
        const entries = await chained(tx, Prisma.sql`"sequence" > ${after}`);
        for (const entry of entries) check.see(entry);
        const last = entries.at(-1);
        if (!last) break;
        after = BigInt(last.sequence);
      }
      check.end(head);
      const { entries, faults } = check;
      return { at: at.toISOString(), entries, intact: faults.length === 0, faults };
    };
    return this.#db.tx(walk, { timeoutMs: LONG_MS, snapshot: true });
  }

  /** Writes that it is broken, and alarms the administrators. */
  async broken(outbox: OutboxStore, { faults }: AuditCheck, at: Date): Promise<void> {
    const [first] = faults;
    const reason = `${faults.length} faults, the first: ${first?.what ?? ''} at ${first?.sequence ?? '?'}: ${first?.reason ?? ''}`;
    await outbox.tx(async (tx, enqueue) => {
      await enqueue([{ kind: 'event', name: 'catalog.audit.broken', data: { faults: faults.length, reason } }]);
      const detail = { faults: faults.slice(0, 10) };
      await writeAudit(tx, 'audit', { actor: 'system', action: 'audit.broken', outcome: 'failure', detail }, at);
    });
  }

  /**
   * Gives up entries older than that, from the beginning of the chain on; the database refuses any that are younger than
   * a year. How many that were.
   */
  async prune(before: Date, at: Date): Promise<number> {
    return this.#db.tx(
      async (tx) => {
        await tx.$queryRaw`SELECT 1 FROM "audit_head" WHERE "id" = 1 FOR UPDATE`;
        const kept = await tx.auditEntry.findFirst({ where: { at: { gte: before } }, orderBy: { sequence: 'asc' } });
        const last = await tx.auditEntry.findFirst({
          where: kept ? { sequence: { lt: kept.sequence } } : { at: { lt: before } },
          orderBy: { sequence: 'desc' },
        });
        if (!last) return 0;
        await tx.$executeRaw`SET LOCAL smartbox.audit_prune = 'on'`;
        const { count } = await tx.auditEntry.deleteMany({ where: { sequence: { lte: last.sequence } } });
        const base = { baseSequence: last.sequence, baseHash: last.hash };
        await tx.auditHead.update({ where: { id: 1 }, data: base });
        const detail = {
          entries: count,
          until: last.at.toISOString(),
          sequence: Number(last.sequence),
          hash: last.hash,
        };
        await writeAudit(tx, 'audit', { actor: 'system', action: 'audit.prune', detail }, at);
        return count;
      },
      { timeoutMs: LONG_MS },
    );
  }
}

type Reader = Tx | Database['prisma'];

async function readHead(tx: Reader): Promise<Link & { base: Link }> {
  const row = await tx.auditHead.findUniqueOrThrow({ where: { id: 1 } });
  const base = { sequence: Number(row.baseSequence), hash: row.baseHash };
  return { sequence: Number(row.sequence), hash: row.hash, base };
}

/** The next of them, as they are hashed: `detail` as PostgreSQL writes it. */
export async function chained(tx: Reader, where: Prisma.Sql, limit = BATCH): Promise<Chained[]> {
  const rows = await tx.$queryRaw<Row[]>`
    SELECT "sequence", "id", "at", "actor", "action", "subject", "outcome", "stationId", "patientId", "studyUid",
      "address", "traceId", "detail"::text AS detail, "previousHash", "hash"
    FROM "audit_entry" WHERE ${where} ORDER BY "sequence" LIMIT ${limit}`;
  return rows.map(({ sequence, ...row }) => ({ ...row, sequence: Number(sequence) }));
}
