import type { CreateHold, HoldView } from '@smartbox/contracts';
import { inputError, SmartBoxError } from '@smartbox/kernel';
import { writeAudit } from '../audit.ts';
import { nextSequence } from '../clip-store.ts';
import { lockClips, refreshClip } from '../clip-writer.ts';
import { inReach } from '../clip-filter.ts';
import type { Database, Tx } from '../database.ts';
import { refreshClipsOf } from '../procedure-store.ts';
import { holdNote } from '../views.ts';
import type { Reach } from '../../domain/access/caller.ts';
import type { LegalHold } from '../../generated/prisma/client.ts';

/** Legal holds: what is under one is removed by no rule. */
export class HoldStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** The same holdId again is the same hold. @throws SmartBoxError `clip-not-found`, `procedure-not-found`, `id-in-use` */
  async create({ holdId, clipId, procedureId, reason }: CreateHold, by: string, at: Date): Promise<void> {
    await this.#db.tx(async (tx) => {
      const known = await tx.legalHold.findUnique({ where: { holdId } });
      if (known) {
        if (known.clipId === (clipId ?? null) && (clipId !== undefined || known.procedureId === procedureId)) return;
        const message = `id ${holdId} was used for another hold before: every hold needs an id of its own`;
        throw new SmartBoxError({ code: 'id-in-use', message, fault: 'input' });
      }
      const of = clipId === undefined ? await procedureOf(tx, procedureId ?? '') : await clipOf(tx, clipId);
      const hold = { holdId, clipId: clipId ?? null, procedureId: of, reason, by, at };
      await tx.legalHold.create({ data: hold });
      await refresh(tx, hold);
      await writeAudit(tx, subjectOf(hold), { actor: by, action: 'hold.set', detail: { holdId, reason } }, at);
    });
  }

  /** @throws SmartBoxError `hold-not-found`, `hold-released` */
  async release(holdId: string, reason: string, by: string, at: Date): Promise<void> {
    await this.#db.tx(async (tx) => {
      const hold = await tx.legalHold.findUnique({ where: { holdId } });
      if (!hold) throw inputError('hold-not-found', `there is no legal hold ${holdId}`);
      if (hold.releasedAt) {
        const message = `the hold was released on ${hold.releasedAt.toISOString()} by ${hold.releasedBy ?? 'somebody'}`;
        throw new SmartBoxError({ code: 'hold-released', message, fault: 'input' });
      }
      await tx.legalHold.update({
        where: { holdId },
        data: { releasedAt: at, releasedBy: by, releaseReason: reason },
      });
      await refresh(tx, hold);
      await writeAudit(tx, subjectOf(hold), { actor: by, action: 'hold.release', detail: { holdId, reason } }, at);
    });
  }

  async find(holdId: string): Promise<HoldView | undefined> {
    const row = await this.#db.prisma.legalHold.findUnique({ where: { holdId } });
    return row ? (await this.#views([row]))[0] : undefined;
  }

  /** Of rooms within reach: those that hold, and those released last; the newest first. */
  async list(reach: Reach, limit: number): Promise<HoldView[]> {
    const { prisma } = this.#db;
    const near = await this.#near(reach);
    const open = await prisma.legalHold.findMany({
      where: { releasedAt: null, ...near },
      orderBy: { at: 'desc' },
      take: limit,
    });
    const released = await prisma.legalHold.findMany({
      where: { releasedAt: { not: null }, ...near },
      orderBy: { releasedAt: 'desc' },
      take: Math.max(0, limit - open.length),
    });
    return this.#views([...open, ...released]);
  }

  /** A hold knows its procedure, and that knows its room. */
  async #near(reach: Reach): Promise<{ procedureId?: { in: string[] } }> {
    if (reach === 'everywhere') return {};
    const { prisma } = this.#db;
    const held = await prisma.legalHold.findMany({ distinct: ['procedureId'], select: { procedureId: true } });
    const ids = held.map(({ procedureId }) => procedureId);
    const near = await prisma.procedure.findMany({
      where: { ...inReach(reach), procedureId: { in: ids } },
      select: { procedureId: true },
    });
    return { procedureId: { in: near.map(({ procedureId }) => procedureId) } };
  }

  async #views(rows: readonly LegalHold[]): Promise<HoldView[]> {
    const ids = rows.map(({ procedureId }) => procedureId);
    const procedures = await this.#db.prisma.procedure.findMany({ where: { procedureId: { in: ids } } });
    return rows.map((row) => {
      const procedure = procedures.find(({ procedureId }) => procedureId === row.procedureId);
      return {
        ...holdNote(row),
        procedureId: row.procedureId,
        stationId: procedure?.stationId ?? '',
        patient: { name: procedure?.patientName ?? '', id: procedure?.patientId ?? '' },
        ...(row.clipId === null ? {} : { clipId: row.clipId }),
        ...(row.releasedAt === null
          ? {}
          : {
              released: { at: row.releasedAt.toISOString(), by: row.releasedBy ?? '', reason: row.releaseReason ?? '' },
            }),
      };
    });
  }
}

type Of = Pick<LegalHold, 'clipId' | 'procedureId'>;
const subjectOf = ({ clipId, procedureId }: Of) => (clipId === null ? `procedure/${procedureId}` : `clip/${clipId}`);

/** What is held says so from this transaction on; a removal that waits for the lock finds it held. */
async function refresh(tx: Tx, { clipId, procedureId }: Of): Promise<void> {
  if (clipId === null) return refreshClipsOf(tx, procedureId);
  await lockClips(tx, [clipId]);
  await refreshClip(tx, clipId, await nextSequence(tx), new Set());
}

async function procedureOf(tx: Tx, procedureId: string): Promise<string> {
  const row = await tx.procedure.findUnique({ where: { procedureId }, select: { procedureId: true } });
  if (row) return row.procedureId;
  throw inputError('procedure-not-found', `there is no procedure ${procedureId}`);
}

async function clipOf(tx: Tx, clipId: string): Promise<string> {
  const row = await tx.clip.findUnique({ where: { clipId }, select: { procedureId: true } });
  if (row) return row.procedureId;
  throw inputError('clip-not-found', `there is no clip ${clipId}`);
}
