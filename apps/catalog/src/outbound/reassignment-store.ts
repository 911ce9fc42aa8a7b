import { inputError } from '@smartbox/kernel';
import type { Reassignments, Target } from '../application/reassign-clip.ts';
import { writeAudit } from './audit.ts';
import { nextSequence } from './clip-store.ts';
import { lockClips, refreshClip } from './clip-writer.ts';
import type { Procedure as Row } from '../generated/prisma/client.ts';
import { json, type Database, type Tx } from './database.ts';
import type { OutboxStore } from './outbox-store.ts';
import { columns, toProcedure, toWho, versionRow } from './procedure-rows.ts';

/** Clips that were moved to another procedure. */
export class ReassignmentStore implements Reassignments {
  readonly #db: Database;
  readonly #outbox: OutboxStore;

  constructor(db: Database, outbox: OutboxStore) {
    this.#db = db;
    this.#outbox = outbox;
  }

  async reassign(
    clipId: string,
    at: Date,
    decide: Parameters<Reassignments['reassign']>[2],
    { reason, ...audit }: Parameters<Reassignments['reassign']>[3],
  ): Promise<{ from: string; to: string }> {
    return this.#outbox.tx(async (tx, enqueue) => {
      // no procedure is begun, ended or corrected meanwhile; in the order of locks that those take
      await tx.$executeRaw`SELECT 1 FROM station ORDER BY "stationId" FOR UPDATE`;
      await lockClips(tx, [clipId]);
      const clip = await tx.clip.findUnique({ where: { clipId } });
      if (!clip) throw inputError('clip-not-found', `there is no clip ${clipId}`);
      const { procedureId: from, stationId } = clip;
      const row = await tx.procedure.findUnique({ where: { procedureId: from } });
      const newest = await tx.procedureVersion.findFirst({
        where: { procedureId: from },
        orderBy: { version: 'desc' },
      });
      if (!row || !newest) throw inputError('procedure-not-found', `there is no procedure ${from}`);
      const now = toProcedure(row);
      const target = decide({ ...now, ...toWho(newest) });
      if (!target) return { from, to: from };
      const to = 'procedureId' in target ? target.procedureId : await toNewProcedure(tx, target, row, at, reason);
      const assignment = clip.assignment + 1;
      const data = { procedureId: to, stationId, assignment };
      await tx.clipNote.upsert({ where: { clipId }, create: { clipId, ...data }, update: data });
      await refreshClip(tx, clipId, await nextSequence(tx));
      const told = { clipId, stationId, from, to, assignment };
      await enqueue([{ kind: 'event', name: 'catalog.clip.reassigned', data: told }]);
      await writeAudit(tx, `clip/${clipId}`, { ...audit, detail: { from, to, reason: reason ?? null } }, at);
      return { from, to };
    });
  }
}

/** Written for a clip that nobody's procedure fits: it never ran, so nobody is told that it began. Its id. */
async function toNewProcedure(
  tx: Tx,
  { newProcedureId: procedureId, worklistItemId, ...who }: Exclude<Target, { procedureId: string } | undefined>,
  { stationId, recipe, recipeName, startedAt, endedAt }: Row,
  at: Date,
  reason: string | undefined,
): Promise<string> {
  if (worklistItemId !== null) {
    const known = await tx.procedure.findFirst({ where: { worklistItemId }, orderBy: { startedAt: 'desc' } });
    if (known) return known.procedureId;
  }
  const place = { procedureId, stationId, worklistItemId, emergency: false };
  const times = { startedAt, endedAt: endedAt ?? at };
  await tx.procedure.create({
    data: { ...place, recipe: json(recipe), recipeName, version: 1, ...times, ...columns(who) },
  });
  await tx.procedureVersion.create({
    data: { procedureId, version: 1, createdAt: at, reason: reason ?? null, ...versionRow(who) },
  });
  return procedureId;
}
