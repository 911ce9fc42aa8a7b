import { WorklistItem } from '@smartbox/contracts';
import { json, type Database, type Tx } from './database.ts';
import type { WorklistCache } from '../application/worklist.ts';

/** The last answers of the RIS, for when it is away. */
export class WorklistStore implements WorklistCache {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async keep(key: string, items: readonly WorklistItem[], asOf: Date): Promise<void> {
    await this.#db.tx(async (tx) => {
      await write(tx, items, asOf);
      const answer = { itemIds: items.map((item) => item.itemId), asOf };
      await tx.worklistAnswer.upsert({ where: { key }, create: { key, ...answer }, update: answer });
    });
  }

  async remember(items: readonly WorklistItem[], asOf: Date): Promise<void> {
    await this.#db.tx((tx) => write(tx, items, asOf));
  }

  async last(key: string): Promise<{ items: WorklistItem[]; asOf: Date } | undefined> {
    const answer = await this.#db.prisma.worklistAnswer.findUnique({ where: { key } });
    if (!answer) return undefined;
    const rows = await this.#db.prisma.worklistItem.findMany({ where: { itemId: { in: answer.itemIds } } });
    const byId = new Map(rows.map((row) => [row.itemId, WorklistItem.parse(row.data)]));
    return { items: answer.itemIds.flatMap((id) => byId.get(id) ?? []), asOf: answer.asOf };
  }
}

async function write(tx: Tx, items: readonly WorklistItem[], asOf: Date): Promise<void> {
  for (const { itemId, ...item } of items) {
    const row = { data: json({ itemId, ...item }), fetchedAt: asOf };
    await tx.worklistItem.upsert({ where: { itemId }, create: { itemId, ...row }, update: row });
  }
}
