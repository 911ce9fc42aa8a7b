import { WorklistItem } from '@smartbox/contracts';
import { inputError } from '@smartbox/kernel';
import type {
  Audit,
  NewProcedure,
  Outgoing,
  PatientAndStudy,
  Procedure,
  ProcedureStore as Port,
} from '../application/ports.ts';
import type { Procedure as Row } from '../generated/prisma/client.ts';
import { writeAudit } from './audit.ts';
import { nextSequence } from './clip-store.ts';
import { lockClips, refreshClip } from './clip-writer.ts';
import { json, type Database, type Tx } from './database.ts';
import type { OutboxStore } from './outbox-store.ts';
import { columns, toProcedure, toWho, versionRow } from './procedure-rows.ts';

/** Procedures and their versions; each change with its events in one transaction. */
export class ProcedureStore implements Port {
  readonly #db: Database;
  readonly #outbox: OutboxStore;

  constructor(db: Database, outbox: OutboxStore) {
    this.#db = db;
    this.#outbox = outbox;
  }

  async active(stationId: string): Promise<Procedure | undefined> {
    const row = await this.#db.prisma.procedure.findFirst({ where: { stationId, endedAt: null } });
    return row ? toProcedure(row) : undefined;
  }

  async find(procedureId: string, version?: number): Promise<(Procedure & PatientAndStudy) | undefined> {
    const row = await this.#db.prisma.procedure.findUnique({
      where: { procedureId },
      include: {
        versions: { ...(version === undefined ? {} : { where: { version } }), orderBy: { version: 'desc' }, take: 1 },
      },
    });
    const [wanted] = row?.versions ?? [];
    return row && wanted ? { ...toProcedure(row), ...toWho(wanted), version: wanted.version } : undefined;
  }

  async start(
    procedure: NewProcedure,
    who: (count: (name: string) => Promise<number>) => Promise<PatientAndStudy>,
    audit: Audit,
  ): Promise<void> {
    const { procedureId, stationId, startedAt, recipe, emergency } = procedure;
    await this.#outbox.tx(async (tx, enqueue) => {
      await tx.$executeRaw`SELECT 1 FROM station WHERE "stationId" = ${stationId} FOR UPDATE`;
      const before = await tx.procedure.findFirst({ where: { stationId, endedAt: null } });
      if (before) await enqueue(await endProcedure(tx, toProcedure(before), startedAt));
      const known = await who((name) => count(tx, name));
      await tx.procedure.create({
        data: { ...procedure, ...columns(known), recipe: json(recipe), recipeName: recipe.name, version: 1 },
      });
      await tx.procedureVersion.create({
        data: { procedureId, version: 1, createdAt: startedAt, ...versionRow(known) },
      });
      const at = startedAt.toISOString();
      const entry = { procedureId, stationId, recipe, startedAt: at };
      await enqueue([
        { kind: 'event', name: 'catalog.procedure.started', data: { ...entry, emergency } },
        { kind: 'kv', name: `procedure.${procedureId}`, data: entry },
        { kind: 'kv', name: `station.${stationId}`, data: { stationId, procedureId, since: at } },
      ]);
      await writeAudit(tx, `procedure/${procedureId}`, audit, startedAt);
    });
  }

  async converse(stationId: string, open: boolean, at: Date, audit: Audit): Promise<string | undefined> {
    return this.#outbox.tx(async (tx, enqueue) => {
      await tx.$executeRaw`SELECT 1 FROM station WHERE "stationId" = ${stationId} FOR UPDATE`;
      const row = await tx.procedure.findFirst({ where: { stationId, endedAt: null } });
      if (!row) return undefined;
      const { procedureId } = row;
      if (open === (row.conversationAt !== null)) return procedureId;
      await tx.procedure.update({ where: { procedureId }, data: { conversationAt: open ? at : null } });
      await enqueue([conversation(stationId, open ? procedureId : null)]);
      await writeAudit(tx, `procedure/${procedureId}`, audit, at);
      return procedureId;
    });
  }

  async end(procedureId: string, at: Date, audit: Audit): Promise<boolean> {
    return this.#outbox.tx(async (tx, enqueue) => {
      const row = await lockProcedure(tx, procedureId);
      if (!row || row.endedAt) return false;
      const { stationId } = row;
      await enqueue(await endProcedure(tx, toProcedure(row), at));
      const data = { stationId, procedureId: null, since: at.toISOString() };
      await enqueue([{ kind: 'kv', name: `station.${stationId}`, data }]);
      await writeAudit(tx, `procedure/${procedureId}`, audit, at);
      return true;
    });
  }

  async correct(
    procedureId: string,
    at: Date,
    change: Parameters<Port['correct']>[2],
    audit: Audit & { reason?: string | undefined },
  ): Promise<void> {
    await this.#outbox.tx(async (tx, enqueue) => {
      const row = await lockProcedure(tx, procedureId);
      const newest = await tx.procedureVersion.findFirst({ where: { procedureId }, orderBy: { version: 'desc' } });
      if (!row || !newest)
        throw inputError('procedure-not-found', `there is no procedure ${JSON.stringify(procedureId)}`);
      const now = toProcedure(row);
      const { worklistItemId, emergency, ...who } = change({ ...now, ...toWho(newest) });
      const version = now.version + 1;
      await tx.procedureVersion.create({
        data: { procedureId, version, createdAt: at, reason: audit.reason ?? null, ...versionRow(who) },
      });
      await tx.procedure.update({
        where: { procedureId },
        data: {
          ...columns(who),
          version,
          ...(worklistItemId === undefined ? {} : { worklistItemId }),
          ...(emergency === undefined ? {} : { emergency }),
        },
      });
      await refreshClipsOf(tx, procedureId);
      const data = { procedureId, stationId: now.stationId, version };
      await enqueue([{ kind: 'event', name: 'catalog.procedure.corrected', data }]);
      await writeAudit(tx, `procedure/${procedureId}`, audit, at);
    });
  }

  async assignmentOf(clipId: string): ReturnType<Port['assignmentOf']> {
    const row = await this.#db.prisma.clip.findUnique({
      where: { clipId },
      select: { procedureId: true, stationId: true, assignment: true },
    });
    return row && row.assignment > 0 ? row : undefined;
  }

  async setConsent(
    procedureId: string,
    { state, at, by }: Parameters<Port['setConsent']>[1],
    stop: Parameters<Port['setConsent']>[2],
    audit: Audit,
  ): Promise<boolean> {
    return this.#outbox.tx(async (tx, enqueue) => {
      const row = await lockProcedure(tx, procedureId);
      if (!row || row.consent === state) return false;
      await tx.procedure.update({
        where: { procedureId },
        data: { consent: state, consentAt: at, consentBy: by },
      });
      if (stop) {
        const { clipId, command } = stop;
        const ended = { stopRequestedAt: at };
        await tx.clipNote.upsert({ where: { clipId }, create: { clipId, ...ended }, update: ended });
        await enqueue([command]);
      }
      await refreshClipsOf(tx, procedureId);
      const detail = { ...audit.detail, from: row.consent, to: state };
      await writeAudit(tx, `procedure/${procedureId}`, { ...audit, detail }, at);
      return true;
    });
  }

  async worklistItem(itemId: string): Promise<WorklistItem | undefined> {
    const row = await this.#db.prisma.worklistItem.findUnique({ where: { itemId } });
    return row ? WorklistItem.parse(row.data) : undefined;
  }
}

/** Clips carry what is known of their procedure. */
export async function refreshClipsOf(tx: Tx, procedureId: string): Promise<void> {
  const clips = await tx.clip.findMany({ where: { procedureId }, select: { clipId: true } });
  await lockClips(
    tx,
    clips.map((clip) => clip.clipId),
  );
  const sequence = await nextSequence(tx);
  for (const { clipId } of clips) await refreshClip(tx, clipId, sequence, new Set());
}

async function lockProcedure(tx: Tx, procedureId: string): Promise<Row | null> {
  const row = await tx.procedure.findUnique({ where: { procedureId } });
  if (!row) return null;
  await tx.$executeRaw`SELECT 1 FROM station WHERE "stationId" = ${row.stationId} FOR UPDATE`;
  return tx.procedure.findUnique({ where: { procedureId } });
}

async function endProcedure(tx: Tx, procedure: Procedure, at: Date): Promise<Outgoing[]> {
  const { procedureId, stationId, recipe, startedAt, conversationAt } = procedure;
  await tx.procedure.update({ where: { procedureId }, data: { endedAt: at } });
  const endedAt = at.toISOString();
  const entry = { procedureId, stationId, recipe, startedAt: startedAt.toISOString(), endedAt };
  return [
    { kind: 'event', name: 'catalog.procedure.ended', data: { procedureId, stationId, endedAt } },
    { kind: 'kv', name: `procedure.${procedureId}`, data: entry },
    ...(conversationAt ? [conversation(stationId, null)] : []),
  ];
}

const conversation = (stationId: string, procedureId: string | null): Outgoing => ({
  kind: 'kv',
  name: `conversation.${stationId}`,
  data: { stationId, procedureId },
});

async function count(tx: Tx, name: string): Promise<number> {
  const { value } = await tx.counter.upsert({
    where: { name },
    create: { name, value: 1 },
    update: { value: { increment: 1 } },
  });
  return value;
}
