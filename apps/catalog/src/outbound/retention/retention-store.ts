import type { RemovalView, RetentionBlock, RetentionItem, RetentionRule } from '@smartbox/contracts';
import { deterministicId, inputError } from '@smartbox/kernel';
import type { Candidate, OpenRemoval, RetentionStore as Port, Tally } from '../../application/retention/ports.ts';
import type { Unit } from '../../domain/retention/place.ts';
import { Prisma } from '../../generated/prisma/client.ts';
import { writeAudit } from '../audit.ts';
import { nextSequence } from '../clip-store.ts';
import { lockClips, refreshClip } from '../clip-writer.ts';
import { lock, type Database, type Tx } from '../database.ts';
import type { OutboxStore } from '../outbox-store.ts';
import { judged } from './units.ts';

const { sql, join } = Prisma;
const DAY_MS = 86_400_000;
/** Deletions are nobody's: a rule did it. */
const ACTOR = 'retention';

interface JudgedRow extends Unit {
  kind: RetentionItem['kind'];
  stationId: string;
  procedureId: string;
  since: Date;
  due: Date;
  bytes: bigint;
  rule: number;
  blocked: RetentionBlock | null;
  patientName: string;
  patientId: string;
}

/** What the rules say of everything that is stored, and what they removed. */
export class RetentionStore implements Port {
  readonly #db: Database;
  readonly #outbox: OutboxStore;
  readonly #timeZone: string;

  /** `timeZone`: of the site; days are its days. */
  constructor(db: Database, outbox: OutboxStore, timeZone: string) {
    this.#db = db;
    this.#outbox = outbox;
    this.#timeZone = timeZone;
  }

  rulesSince(sha256: string, now: Date): Promise<Date> {
    return this.#db.tx(async (tx) => {
      await lock(tx, 'retention-rules');
      const known = await tx.retentionRules.findUnique({ where: { id: 1 } });
      if (known?.sha256 === sha256) return known.since;
      const data = { sha256, since: now };
      await tx.retentionRules.upsert({ where: { id: 1 }, create: data, update: data });
      return now;
    });
  }

  async tally(rules: readonly RetentionRule[], now: Date, horizonDays: number): Promise<Tally[]> {
    const end = new Date(now.getTime() + horizonDays * DAY_MS);
    const rows = await this.#db.prisma.$queryRaw<(Omit<Tally, 'bytes'> & { bytes: bigint })[]>`
      SELECT rule, blocked, day, count(*)::int AS items, coalesce(sum(bytes), 0)::bigint AS bytes FROM (
        SELECT rule, blocked, bytes, CASE WHEN due <= ${end} THEN
          to_char(greatest(due, ${now}) AT TIME ZONE ${this.#timeZone}, 'YYYY-MM-DD') END AS day
        FROM (${judged(rules)}) AS judged
      ) AS each GROUP BY rule, blocked, day`;
    return rows.map((row) => ({ ...row, bytes: Number(row.bytes) }));
  }

  async addedPerDay(now: Date, days: number): Promise<number> {
    const from = new Date(now.getTime() - days * DAY_MS);
    const [row] = await this.#db.prisma.$queryRaw<{ bytes: bigint; first: Date | null }[]>`
      SELECT coalesce(sum(s."storedBytes"), 0)::bigint AS bytes,
        (SELECT min("savedAt") FROM "clip") AS first
      FROM "clip" c JOIN "clip_source" s ON s."clipId" = c."clipId" WHERE c."savedAt" >= ${from}`;
    if (!row?.first) return 0;
    const known = Math.min(days, Math.max(1, (now.getTime() - row.first.getTime()) / DAY_MS));
    return Number(row.bytes) / known;
  }

  async removedSoFar(): Promise<{ items: number; bytes: number }> {
    const { _count, _sum } = await this.#db.prisma.removal.aggregate({ _count: true, _sum: { bytes: true } });
    return { items: _count, bytes: Number(_sum.bytes ?? 0) };
  }

  async items(
    rules: readonly RetentionRule[],
    filter: Parameters<Port['items']>[1],
    { now, limit, cursor }: Parameters<Port['items']>[2],
  ): Promise<{ items: RetentionItem[]; nextCursor?: string }> {
    const day = sql`to_char(greatest(j.due, ${now}) AT TIME ZONE ${this.#timeZone}, 'YYYY-MM-DD')`;
    const ruleIndex = filter.rule === undefined ? undefined : rules.findIndex(({ name }) => name === filter.rule);
    const after = cursor === undefined ? undefined : decode(cursor);
    const all = [
      sql`j.due IS NOT NULL`,
      ...(ruleIndex === undefined ? [] : [sql`j.rule = ${ruleIndex}`]),
      ...(filter.date === undefined ? [] : [sql`${day} = ${filter.date}`]),
      // what is blocked is of interest once it is due
      ...(filter.blocked === undefined
        ? [sql`coalesce(j.blocked, '') NOT IN ('keep', 'hold')`]
        : [sql`j.blocked = ${filter.blocked} AND j.due <= ${now}`]),
      ...(after ? [sql`(j.since, ${idOf}) > (${after.since}, ${after.id})`] : []),
    ];
    const rows = await this.#db.prisma.$queryRaw<JudgedRow[]>`
      SELECT j.*, c."patientName", c."patientId" FROM (${judged(rules)}) AS j
      JOIN "clip" c ON c."clipId" = j."clipId" WHERE ${join(all, ' AND ')}
      ORDER BY j.since, ${idOf} LIMIT ${limit + 1}`;
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    return {
      items: shown.map((row) => itemOf(row, rules)),
      ...(rows.length > limit && last ? { nextCursor: encode(last) } : {}),
    };
  }

  async removals(page: {
    limit: number;
    cursor?: string | undefined;
  }): Promise<{ items: RemovalView[]; nextCursor?: string }> {
    const after = page.cursor === undefined ? undefined : decode(page.cursor);
    const rows = await this.#db.prisma.removal.findMany({
      where: after ? { OR: [{ at: { lt: after.since } }, { at: after.since, removalId: { lt: after.id } }] } : {},
      orderBy: [{ at: 'desc' }, { removalId: 'desc' }],
      take: page.limit + 1,
    });
    const shown = rows.slice(0, page.limit);
    const clips = await this.#db.prisma.clip.findMany({ where: { clipId: { in: shown.map((row) => row.clipId) } } });
    const last = shown.at(-1);
    const items = shown.map(({ what: _what, procedureId: _procedure, renditionId, removedAt, ...row }) => {
      const clip = clips.find(({ clipId }) => clipId === row.clipId);
      return {
        ...row,
        kind: row.kind as RemovalView['kind'],
        bytes: Number(row.bytes),
        at: row.at.toISOString(),
        patient: { name: clip?.patientName ?? '', id: clip?.patientId ?? '' },
        ...(renditionId === null ? {} : { renditionId }),
        ...(removedAt === null ? {} : { removedAt: removedAt.toISOString() }),
      };
    });
    const more = rows.length > page.limit && last;
    return { items, ...(more ? { nextCursor: cursorOf(last.at, last.removalId) } : {}) };
  }

  async due(rules: readonly RetentionRule[], now: Date, limit: number): Promise<Candidate[]> {
    return this.#db.prisma.$queryRaw<Candidate[]>`
      SELECT j."clipId", j."sourceId", j.what, j."renditionId", j.rule FROM (${judged(rules)}) AS j
      WHERE j.due <= ${now} AND j.blocked IS NULL AND NOT ${busy(sql`j`)} ORDER BY j.since, ${idOf} LIMIT ${limit}`;
  }

  async belongings({ clipId, sourceId, what, renditionId }: Unit) {
    const { prisma } = this.#db;
    const requests = await prisma.filmRequest.findMany({ where: { clipId }, select: { renditionId: true } });
    const films = new Set(requests.map((request) => request.renditionId));
    const ofSource = { clipId, sourceId, OR: [{ renditionId: null }, { renditionId: { notIn: [...films] } }] };
    const where = what === 'video' ? ofSource : { renditionId };
    const instances = await prisma.instance.findMany({ where, select: { key: true } });
    return { films, objectKeys: instances.map(({ key }) => key) };
  }

  async begin(
    rules: readonly RetentionRule[],
    unit: Candidate,
    found: { objects: number; bytes: number },
    now: Date,
  ): Promise<OpenRemoval | undefined> {
    const { clipId, sourceId, what, renditionId } = unit;
    const removalId = deterministicId('removal', clipId, sourceId, what, renditionId ?? '');
    return this.#db.tx(async (tx) => {
      await lockClips(tx, [clipId]);
      const row = await this.#stillDue(tx, rules, unit, now);
      const rule = row && rules[row.rule];
      if (!row || !rule) return undefined;
      const { kind, procedureId, stationId, since } = row;
      const place = { clipId, sourceId, what, renditionId, kind, procedureId, stationId };
      await tx.removal.create({
        data: { removalId, ...place, rule: rule.name, objects: found.objects, bytes: BigInt(found.bytes), at: now },
      });
      await refreshClip(tx, clipId, await nextSequence(tx), new Set(['sources', 'instances']));
      const detail = { rule: rule.name, sourceId, what, renditionId, ...found, since: since.toISOString() };
      await writeAudit(tx, `clip/${clipId}`, { actor: ACTOR, action: 'clip.remove', detail }, now);
      return { ...unit, removalId };
    });
  }

  async open(limit: number): Promise<OpenRemoval[]> {
    const rows = await this.#db.prisma.removal.findMany({
      where: { removedAt: null },
      orderBy: { removalId: 'asc' },
      take: limit,
    });
    return rows.map(({ removalId, clipId, sourceId, what, renditionId }) => {
      return { removalId, clipId, sourceId, what: what as Unit['what'], renditionId };
    });
  }

  async finish(removalId: string, now: Date): Promise<void> {
    await this.#outbox.tx(async (tx, enqueue) => {
      const { count } = await tx.removal.updateMany({
        where: { removalId, removedAt: null },
        data: { removedAt: now },
      });
      const row = count > 0 ? await tx.removal.findUnique({ where: { removalId } }) : null;
      if (!row) return;
      const { clipId, procedureId, stationId, sourceId, what, renditionId, rule } = row;
      const removed = { clipId, procedureId, stationId, sourceId, rule, removedAt: now.toISOString() };
      const data = { ...removed, what: what as Unit['what'], ...(renditionId === null ? {} : { renditionId }) };
      await enqueue([{ kind: 'event', name: 'catalog.clip.removed', data }]);
    });
  }

  async warnOfStore(facts: Parameters<Port['warnOfStore']>[0], now: Date): Promise<void> {
    await this.#outbox.tx(async (tx, enqueue) => {
      await lock(tx, 'store-warning');
      const since = new Date(now.getTime() - DAY_MS);
      const name = 'catalog.store.filling';
      if (await tx.outbox.findFirst({ where: { name, createdAt: { gt: since } } })) return;
      await enqueue([{ kind: 'event', name, data: facts }]);
    });
  }

  /** Judged once more, under the lock: a hold, a correction or an edit may have come meanwhile. */
  async #stillDue(tx: Tx, rules: readonly RetentionRule[], unit: Candidate, now: Date) {
    const { clipId, sourceId, what, renditionId, rule } = unit;
    const of = sql`u."clipId" = ${clipId} AND u."sourceId" = ${sourceId} AND u.what = ${what}
      AND u."renditionId" IS NOT DISTINCT FROM ${renditionId}`;
    const [row] = await tx.$queryRaw<JudgedRow[]>`
      SELECT j.* FROM (${judged(rules, of)}) AS j
      WHERE j.due <= ${now} AND j.blocked IS NULL AND j.rule = ${rule} AND NOT ${busy(sql`j`)}`;
    return row;
  }
}

const idOf = sql`j."clipId" || '/' || j."sourceId" || '/' || coalesce(j."renditionId", '')`;

/** Somebody works with it: it is on its way to an archive, or an edit or export that needs it is still to be made. */
const busy = (j: Prisma.Sql) => sql`(
  EXISTS (SELECT 1 FROM "delivery" d WHERE d."clipId" = ${j}."clipId" AND d."sourceId" = ${j}."sourceId"
    AND d."state" IN ('waiting', 'sending', 'deferred'))
  OR EXISTS (SELECT 1 FROM "film_request" f
    WHERE f."cancelledAt" IS NULL
      AND (f."clipId" = ${j}."clipId" OR f."request"->'sources' @> jsonb_build_array(jsonb_build_object('clipId', ${j}."clipId")))
      AND NOT EXISTS (SELECT 1 FROM "clip_fact" x WHERE x."clipId" = f."clipId" AND x."key" IN (
        'rendition/' || f."sourceId" || '/' || f."kind" || '/' || f."renditionId",
        'rendition-failed/' || f."sourceId" || '/' || f."kind" || '/' || f."renditionId"))))`;

function itemOf(row: JudgedRow, rules: readonly RetentionRule[]): RetentionItem {
  const { clipId, sourceId, kind, renditionId, stationId, patientName, patientId, since, due, bytes, blocked } = row;
  return {
    clipId,
    sourceId,
    kind,
    ...(renditionId === null ? {} : { renditionId }),
    stationId,
    patient: { name: patientName, id: patientId },
    since: since.toISOString(),
    dueAt: due.toISOString(),
    bytes: Number(bytes),
    rule: rules[row.rule]?.name ?? '',
    needs: rules[row.rule]?.needs ?? 'archived',
    blocked: blocked === null ? [] : [blocked],
  };
}

const cursorOf = (since: Date, id: string) =>
  Buffer.from(JSON.stringify([since.toISOString(), id])).toString('base64url');
const encode = ({ since, clipId, sourceId, renditionId }: JudgedRow) =>
  cursorOf(since, `${clipId}/${sourceId}/${renditionId ?? ''}`);

function decode(cursor: string): { since: Date; id: string } {
  try {
    const [since, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as [string, string];
    const at = new Date(since);
    if (!Number.isNaN(at.getTime()) && typeof id === 'string') return { since: at, id };
  } catch {
    // said below
  }
  throw inputError('invalid-cursor', `cursor ${JSON.stringify(cursor.slice(0, 60))} does not belong to this list`);
}
