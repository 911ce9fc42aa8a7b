import type { ProcedureView } from '@smartbox/contracts';
import type { StationDirectory } from '../application/ports.ts';
import type { Database } from './database.ts';
import { procedureView } from './views.ts';

const newestVersion = { versions: { orderBy: { version: 'desc' }, take: 1 } } as const;

/** Reads of procedures, as the REST interface shows them. */
export class ProcedureQueries {
  readonly #db: Database;
  readonly #stations: StationDirectory;

  constructor(db: Database, stations: StationDirectory) {
    this.#db = db;
    this.#stations = stations;
  }

  async find(procedureId: string): Promise<ProcedureView | undefined> {
    const row = await this.#db.prisma.procedure.findUnique({ where: { procedureId }, include: newestVersion });
    return row ? procedureView(row, await this.#facts(row)) : undefined;
  }

  /** What runs now, by station. */
  async active(): Promise<Map<string, ProcedureView>> {
    const rows = await this.#db.prisma.procedure.findMany({ where: { endedAt: null }, include: newestVersion });
    const views = await Promise.all(rows.map(async (row) => procedureView(row, await this.#facts(row))));
    return new Map(views.map((view) => [view.stationId, view]));
  }

  async #facts({ procedureId, stationId }: { procedureId: string; stationId: string }) {
    const clipCount = await this.#db.prisma.clip.count({ where: { procedureId, hidden: false } });
    return { clipCount, stationName: this.#stations.find(stationId)?.name ?? stationId };
  }
}
