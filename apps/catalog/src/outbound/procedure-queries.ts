import type { ProcedureView } from '@smartbox/contracts';
import type { StationDirectory } from '../application/ports.ts';
import type { Reach } from '../domain/access/caller.ts';
import { inReach } from './clip-filter.ts';
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

  /** Of rooms within reach, begun in that time, the latest first; at most 200. */
  async list(
    reach: Reach,
    stationId: string | undefined,
    within: { from: Date; to: Date } | undefined,
  ): Promise<ProcedureView[]> {
    const rows = await this.#db.prisma.procedure.findMany({
      where: {
        AND: [inReach(reach), stationId === undefined ? {} : { stationId }],
        ...(within === undefined ? {} : { startedAt: { gte: within.from, lt: within.to } }),
      },
      orderBy: [{ startedAt: 'desc' }, { procedureId: 'desc' }],
      take: 200,
      include: newestVersion,
    });
    return Promise.all(rows.map(async (row) => procedureView(row, await this.#facts(row))));
  }

  /** What runs now, by station. */
  async active(): Promise<Map<string, ProcedureView>> {
    const rows = await this.#db.prisma.procedure.findMany({ where: { endedAt: null }, include: newestVersion });
    const views = await Promise.all(rows.map(async (row) => procedureView(row, await this.#facts(row))));
    return new Map(views.map((view) => [view.stationId, view]));
  }

  async #facts({ procedureId, stationId }: { procedureId: string; stationId: string }) {
    const { prisma } = this.#db;
    const [clipCount, hold] = await Promise.all([
      prisma.clip.count({ where: { procedureId, hidden: false } }),
      prisma.legalHold.findFirst({ where: { procedureId, clipId: null, releasedAt: null }, orderBy: { at: 'asc' } }),
    ]);
    return { clipCount, hold, stationName: this.#stations.find(stationId)?.name ?? stationId };
  }
}
