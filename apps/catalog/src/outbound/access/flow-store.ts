import type { Flow, FlowStore as Port } from '../../application/access/ports.ts';
import type { Database } from '../database.ts';

/** Sign-ins at the provider that have begun. */
export class FlowStore implements Port {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async begin(flowHash: string, flow: Flow, expiresAt: Date): Promise<void> {
    await this.#db.prisma.signInFlow.deleteMany({ where: { expiresAt: { lte: new Date() } } });
    await this.#db.prisma.signInFlow.create({ data: { flowHash, ...flow, expiresAt } });
  }

  async take(flowHash: string, now: Date): Promise<Flow | undefined> {
    return this.#db.tx(async (tx) => {
      const flow = await tx.signInFlow.findUnique({ where: { flowHash } });
      const { count } = await tx.signInFlow.deleteMany({ where: { flowHash } });
      return flow && count > 0 && flow.expiresAt > now ? flow : undefined;
    });
  }
}
