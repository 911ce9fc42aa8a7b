import { ClipState } from '@smartbox/contracts';
import type { ImportedRecord, ImportStore as Port } from '../application/imports.ts';
import type { Audit } from '../application/ports.ts';
import { writeAudit } from './audit.ts';
import { writeRequest } from './clip-store.ts';
import { json, type Database, type Tx } from './database.ts';
import type { OutboxStore } from './outbox-store.ts';
import { columns, versionRow } from './procedure-rows.ts';
import { clipView } from './views.ts';

/** Records of other systems, with the procedures that they were made in. */
export class ImportStore implements Port {
  readonly #db: Database;
  readonly #outbox: OutboxStore;

  constructor(db: Database, outbox: OutboxStore) {
    this.#db = db;
    this.#outbox = outbox;
  }

  async write({ request, procedure }: ImportedRecord, at: Date, audit: Audit): Promise<void> {
    await this.#outbox.tx(async (tx, enqueue) => {
      const { procedureId, stationId, recipe, startedAt } = procedure;
      // one record after the other: those of one procedure write it once
      await tx.$executeRaw`SELECT 1 FROM station WHERE "stationId" = ${stationId} FOR UPDATE`;
      const isNew = !(await tx.procedure.findUnique({ where: { procedureId }, select: { procedureId: true } }));
      if (isNew) await writeProcedure(tx, procedure, at);
      if (!(await writeRequest(tx, request))) return;
      const startAt = startedAt.toISOString();
      // stills of its films ask for it; no event: nothing began in a room
      const entry = { procedureId, stationId, recipe, startedAt: startAt, endedAt: startAt };
      await enqueue([...(isNew ? [{ kind: 'kv', name: `procedure.${procedureId}`, data: entry } as const] : []), request.command]); // prettier-ignore
      await writeAudit(tx, `clip/${request.clipId}`, audit, at);
    });
  }

  async find(clipId: string): ReturnType<Port['find']> {
    const { clip, clipSource } = this.#db.prisma;
    const [row, source] = await Promise.all([
      clip.findUnique({ where: { clipId } }),
      clipSource.findFirst({ where: { clipId } }),
    ]);
    if (!row) return undefined;
    const { failure, imported } = clipView(row);
    return {
      state: ClipState.parse(row.state),
      ...(failure ? { failure } : {}),
      ...(source ? { frames: source.frames, durationMs: source.durationMs } : {}),
      ...(imported ? { imported } : {}),
    };
  }
}

async function writeProcedure(tx: Tx, procedure: ImportedRecord['procedure'], at: Date): Promise<void> {
  const { patient, study, recipe, startedAt, ...place } = procedure;
  const { procedureId } = place;
  const times = { startedAt, endedAt: startedAt };
  await tx.procedure.create({
    data: { ...place, ...times, ...columns({ patient, study }), recipe: json(recipe), recipeName: recipe.name, version: 1 }, // prettier-ignore
  });
  await tx.procedureVersion.create({
    data: { procedureId, version: 1, createdAt: at, ...versionRow({ patient, study }) },
  });
}
