import { Recipe, type EditClip, type ExportClip, type Origin } from '@smartbox/contracts';
import type { FilmMessage } from '../application/feed.ts';
import type { Audit, Outgoing } from '../application/ports.ts';
import type { ConsentOf } from '../domain/consent.ts';
import type { Fact } from '../domain/facts.ts';
import { editView, exportView, type CopyRequest, type FilmRequest, type NewFilm } from '../domain/film.ts';
import type { ClipSource, Prisma } from '../generated/prisma/client.ts';
import { writeAudit } from './audit.ts';
import { toFact } from './clip-writer.ts';
import { json, type Database } from './database.ts';
import type { OutboxStore } from './outbox-store.ts';

const include = { copies: { orderBy: { requestedAt: 'desc' } } } as const;
type Row = Prisma.FilmRequestGetPayload<{ include: typeof include }>;

/** Edits and exports: what people asked for, and what has been heard of it. */
export class FilmStore {
  readonly #db: Database;
  readonly #outbox: OutboxStore;

  constructor(db: Database, outbox: OutboxStore) {
    this.#db = db;
    this.#outbox = outbox;
  }

  async find(renditionId: string): Promise<FilmRequest | undefined> {
    const row = await this.#db.prisma.filmRequest.findUnique({ where: { renditionId }, include });
    return row ? (await this.#films([row]))[0] : undefined;
  }

  async ofExport(exportId: string): Promise<FilmRequest[]> {
    return this.#films(
      await this.#db.prisma.filmRequest.findMany({ where: { exportId }, include, orderBy: { renditionId: 'asc' } }),
    );
  }

  /** The newest first. */
  async ofClip(clipId: string, kind: FilmRequest['kind']): Promise<FilmRequest[]> {
    const orderBy = [{ requestedAt: 'desc' }, { renditionId: 'asc' }] as const;
    return this.#films(
      await this.#db.prisma.filmRequest.findMany({ where: { clipId, kind }, include, orderBy: [...orderBy] }),
    );
  }

  async facts(clipId: string): Promise<Fact[]> {
    const rows = await this.#db.prisma.clipFact.findMany({ where: { clipId }, orderBy: { key: 'asc' } });
    return rows.map(toFact);
  }

  source(clipId: string, sourceId: string): Promise<ClipSource | null> {
    return this.#db.prisma.clipSource.findUnique({ where: { clipId_sourceId: { clipId, sourceId } } });
  }

  /** Where a film of this source comes from; undefined while the clip is not saved, or was taken back. */
  async origin(clipId: string, sourceId: string): Promise<Origin | undefined> {
    const clip = await this.#db.prisma.clip.findUnique({ where: { clipId } });
    const source = await this.source(clipId, sourceId);
    if (!clip || clip.hidden || !source) return undefined;
    const { procedureId, stationId } = clip;
    const procedure = await this.#db.prisma.procedure.findUnique({ where: { procedureId } });
    if (!procedure) return undefined;
    return {
      kind: clip.kind === 'still' ? 'still' : 'clip',
      id: clipId,
      sourceId,
      stationId,
      procedureId,
      recipe: procedure.recipe as Origin['recipe'],
      capturedAt: source.startedAt.toISOString(),
      durationMs: source.durationMs,
    };
  }

  async consent(clipId: string): Promise<ConsentOf | undefined> {
    const clip = await this.#db.prisma.clip.findUnique({ where: { clipId }, select: { procedureId: true } });
    if (!clip) return undefined;
    const { procedureId } = clip;
    const procedure = await this.#db.prisma.procedure.findUnique({ where: { procedureId } });
    return procedure
      ? { consent: procedure.consent as ConsentOf['consent'], recipe: Recipe.parse(procedure.recipe) }
      : undefined;
  }

  /** Writes what was asked and its command, in one transaction. */
  async request(rows: readonly NewFilm[], command: Outgoing, audit: Audit): Promise<void> {
    const [first] = rows;
    if (!first) return;
    await this.#outbox.tx(async (tx, enqueue) => {
      const data = rows.map((row) => ({ ...row, request: json(row.request) }));
      const { count } = await tx.filmRequest.createMany({ data, skipDuplicates: true });
      if (count === 0) return;
      await enqueue([command]);
      await writeAudit(tx, `clip/${first.clipId}`, audit, first.requestedAt);
    });
  }

  async cancel(rows: readonly FilmRequest[], command: Outgoing, audit: Audit, at: Date): Promise<void> {
    await this.#outbox.tx(async (tx, enqueue) => {
      const renditionId = { in: rows.map((row) => row.renditionId) };
      const { count } = await tx.filmRequest.updateMany({
        where: { renditionId, cancelledAt: null },
        data: { cancelledAt: at },
      });
      if (count === 0) return;
      await enqueue([command]);
      await writeAudit(tx, `clip/${rows[0]?.clipId}`, audit, at);
    });
  }

  /** Where its DICOM object goes, too. */
  async archive(row: FilmRequest, request: unknown, command: Outgoing, audit: Audit, at: Date): Promise<void> {
    const { renditionId, clipId } = row;
    await this.#outbox.tx(async (tx, enqueue) => {
      await tx.filmRequest.update({ where: { renditionId }, data: { request: json(request) } });
      await enqueue([command]);
      await writeAudit(tx, `clip/${clipId}`, audit, at);
    });
  }

  async copy(copyId: string): Promise<CopyRequest | undefined> {
    return (await this.#db.prisma.exportCopy.findUnique({ where: { copyId } })) ?? undefined;
  }

  async requestCopy(clipId: string, copy: Omit<CopyRequest, 'cancelledAt'>, command: Outgoing, audit: Audit) {
    await this.#outbox.tx(async (tx, enqueue) => {
      const { count } = await tx.exportCopy.createMany({ data: [copy], skipDuplicates: true });
      if (count === 0) return;
      await enqueue([command]);
      await writeAudit(tx, `clip/${clipId}`, audit, copy.requestedAt);
    });
  }

  async cancelCopy(clipId: string, copyId: string, command: Outgoing, audit: Audit, at: Date): Promise<void> {
    await this.#outbox.tx(async (tx, enqueue) => {
      const where = { copyId, cancelledAt: null };
      const { count } = await tx.exportCopy.updateMany({ where, data: { cancelledAt: at } });
      if (count === 0) return;
      await enqueue([command]);
      await writeAudit(tx, `clip/${clipId}`, audit, at);
    });
  }

  async audit(clipId: string, audit: Audit): Promise<void> {
    await this.#db.tx((tx) => writeAudit(tx, `clip/${clipId}`, audit, new Date()));
  }

  async #films(rows: readonly Row[]): Promise<FilmRequest[]> {
    const removals = await this.#db.prisma.removal.findMany({
      where: { renditionId: { in: rows.map(({ renditionId }) => renditionId) } },
    });
    return rows.map((row) => ({
      ...row,
      kind: row.kind as FilmRequest['kind'],
      removed: removals.find(({ renditionId }) => renditionId === row.renditionId) ?? null,
    }));
  }

  /** What screens are told of it, and which room it belongs to. @param id of an edit, an export, or a copy of an export */
  async message(id: string): Promise<{ stationId: string; message: FilmMessage } | undefined> {
    const row = (await this.find(id)) ?? (await this.find((await this.copy(id))?.renditionId ?? ''));
    if (!row) return undefined;
    const facts = await this.facts(row.clipId);
    const { stationId } = (row.request as EditClip | ExportClip).origin;
    return row.kind === 'edit'
      ? { stationId, message: { kind: 'edit', edit: editView(row, facts) } }
      : { stationId, message: { kind: 'export', export: exportView(row, facts) } };
  }
}
