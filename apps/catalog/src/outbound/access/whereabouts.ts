import { within, type Reach } from '../../domain/access/caller.ts';
import type { Named } from '../../domain/access/places.ts';
import type { Database } from '../database.ts';

/** Something of a room that is out of reach. */
export interface OutOfReach {
  what: 'station' | 'clip' | 'procedure' | 'instance';
  id: string;
}

/** Which room things belong to. */
export class Whereabouts {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** The first that is out of reach; what does not exist at all is not. */
  async outOfReach(named: Named, reach: Reach): Promise<OutOfReach | undefined> {
    if (reach === 'everywhere') return undefined;
    const { prisma } = this.#db;
    const far = (stationId: string) => !within(reach, stationId);
    const station = [...named.stations].find(far);
    if (station !== undefined) return { what: 'station', id: station };
    if (named.procedures.size > 0) {
      const where = { procedureId: { in: [...named.procedures] } };
      const rows = await prisma.procedure.findMany({ where, select: { procedureId: true, stationId: true } });
      const procedure = rows.find(({ stationId }) => far(stationId));
      if (procedure) return { what: 'procedure', id: procedure.procedureId };
    }
    const instances = await this.#instances(named);
    const clipIds = [...named.clips, ...instances.map(({ clipId }) => clipId)];
    if (clipIds.length === 0) return undefined;
    const where = { clipId: { in: clipIds } };
    const rows = await prisma.clip.findMany({ where, select: { clipId: true, stationId: true } });
    const clip = rows.find(({ stationId }) => far(stationId));
    if (!clip) return undefined;
    const instance = instances.find(({ clipId }) => clipId === clip.clipId);
    return instance && !named.clips.has(clip.clipId)
      ? { what: 'instance', id: instance.sopInstanceUid }
      : { what: 'clip', id: clip.clipId };
  }

  /** What a look at it is noted about: `clip/<id>` also for an object of a clip. Undefined: there is no such thing. */
  async subject(named: Named): Promise<string | undefined> {
    const { prisma } = this.#db;
    const [procedureId] = named.procedures;
    const [clipId = (await this.#instances(named))[0]?.clipId] = named.clips;
    if (clipId !== undefined) {
      const row = await prisma.clip.findUnique({ where: { clipId }, select: { hidden: true } });
      return row && !row.hidden ? `clip/${clipId}` : undefined;
    }
    if (procedureId === undefined) return undefined;
    const row = await prisma.procedure.findUnique({ where: { procedureId }, select: { procedureId: true } });
    return row ? `procedure/${procedureId}` : undefined;
  }

  #instances({ instances }: Named): Promise<{ clipId: string; sopInstanceUid: string }[]> {
    if (instances.size === 0) return Promise.resolve([]);
    const where = { sopInstanceUid: { in: [...instances] } };
    return this.#db.prisma.instance.findMany({ where, select: { clipId: true, sopInstanceUid: true } });
  }
}
