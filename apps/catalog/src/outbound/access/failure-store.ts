import type { FailureStore as Port } from '../../application/access/ports.ts';
import { FORGET_MS, type Failures } from '../../domain/access/back-off.ts';
import { lock, type Database } from '../database.ts';

/** Failed sign-ins, known to every process of the catalog and after a restart. */
export class FailureStore implements Port {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  begin(keys: readonly string[], at: Date, wait: (before: ReadonlyMap<string, Failures>) => number): Promise<number> {
    return this.#db.tx(async (tx) => {
      for (const key of keys.toSorted()) await lock(tx, `sign-in/${key}`);
      await tx.signInFailure.deleteMany({ where: { lastAt: { lte: new Date(at.getTime() - FORGET_MS) } } });
      const rows = await tx.signInFailure.findMany({ where: { key: { in: [...keys] } } });
      const waitMs = wait(new Map(rows.map(({ key, ...row }) => [key, row])));
      if (waitMs > 0) return waitMs;
      for (const key of keys.toSorted()) {
        const update = { count: { increment: 1 }, lastAt: at };
        await tx.signInFailure.upsert({ where: { key }, create: { key, count: 1, lastAt: at }, update });
      }
      return 0;
    });
  }

  async succeeded(keys: readonly string[], all: string): Promise<void> {
    await this.#db.tx(async (tx) => {
      for (const key of keys.toSorted()) await lock(tx, `sign-in/${key}`);
      const where = { key: { in: [...keys] }, count: { gt: 0 } };
      await tx.signInFailure.updateMany({ where, data: { count: { decrement: 1 } } });
      await tx.signInFailure.deleteMany({
        where: { OR: [{ key: all }, { key: { in: [...keys] }, count: { lte: 0 } }] },
      });
    });
  }
}
