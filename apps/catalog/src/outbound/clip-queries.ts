import type { ClipDetail, ClipView, DeliveryQueueItem } from '@smartbox/contracts';
import { inputError } from '@smartbox/kernel';
import type { z } from 'zod';
import type { FeedEntry } from '../application/feed.ts';
import type { Reach } from '../domain/access/caller.ts';
import type { ClipKind } from '../domain/clip.ts';
import type { Sort } from '../domain/clip-sort.ts';
import { journeyOf } from '../domain/journey.ts';
import type { Clip, ClipSource, Instance, Prisma, Rendition } from '../generated/prisma/client.ts';
import { openHoldOf, toFact } from './clip-writer.ts';
import { clipWhere, inReach, isNarrow, type ClipFilter } from './clip-filter.ts';
import type { Database } from './database.ts';
import { clipView, deliveryView, holdNote, instanceView, markerView, renditionView, sourceView } from './views.ts';

const columns = { requestedAt: 'requestedAt', duration: 'savedMs', size: 'bytes' } as const;
type Column = (typeof columns)[keyof typeof columns];
/** So many rows of a list are walked in the hope of a page. */
const STRETCH = 5000;

export interface Page<T> {
  items: T[];
  nextCursor?: string;
}

/** Where a page ended: the sort, the value and the id of its last row; opaque to the client. */
const encodeCursor = (sort: string, value: string, id: string) =>
  Buffer.from(JSON.stringify([sort, value, id])).toString('base64url');

function decodeCursor(cursor: string, sort: string): { value: string; id: string } {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    parts = undefined;
  }
  const [of, value, id] = Array.isArray(parts) ? (parts as unknown[]) : [];
  if (of === sort && typeof value === 'string' && typeof id === 'string') return { value, id };
  throw inputError(
    'invalid-cursor',
    `cursor ${JSON.stringify(cursor.slice(0, 60))} does not belong to a list sorted by ${sort}`,
  );
}

/** Reads of clips and what belongs to them, as the REST interface shows them. */
export class ClipQueries {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** A page by key, not by offset: rows that come or go meanwhile shift nothing. */
  async list(
    filter: ClipFilter,
    page: { sort: Sort; limit: number; cursor?: string | undefined },
  ): Promise<Page<ClipView>> {
    const { rows, nextCursor } = await this.#rows(filter, page);
    return { items: rows.map(clipView), ...(nextCursor === undefined ? {} : { nextCursor }) };
  }

  /** Every clip of the filter, newest first, a page in memory at a time. */
  async *each(filter: ClipFilter): AsyncGenerator<ClipView> {
    let cursor: string | undefined;
    do {
      const { rows, nextCursor } = await this.#rows(filter, { sort: '-requestedAt', limit: 500, cursor });
      for (const row of rows) yield clipView(row);
      cursor = nextCursor;
    } while (cursor !== undefined);
  }

  async #rows(
    filter: ClipFilter,
    page: { sort: Sort; limit: number; cursor?: string | undefined },
  ): Promise<{ rows: Clip[]; nextCursor: string | undefined }> {
    const descending = page.sort.startsWith('-');
    const column = columns[page.sort.replace('-', '') as keyof typeof columns];
    const and: Prisma.ClipWhereInput[] = [];
    if (page.cursor !== undefined) {
      const { value, id } = decodeCursor(page.cursor, page.sort);
      const at = fromText(column, value);
      const beyond = descending ? 'lt' : 'gt';
      // The first condition alone lets the index seek; the second decides among equals.
      and.push({ [column]: { [descending ? 'lte' : 'gte']: at } });
      and.push({ OR: [{ [column]: { [beyond]: at } }, { clipId: { [beyond]: id } }] });
    }
    const rows = await this.#search(filter, and, column, descending, page.limit + 1);
    const more = rows.length > page.limit;
    const shown = more ? rows.slice(0, page.limit) : rows;
    const last = shown.at(-1);
    const nextCursor = more && last ? encodeCursor(page.sort, toText(last[column]), last.clipId) : undefined;
    return { rows: shown, nextCursor };
  }

  /**
   * The first of a sorted list. Where a filter may match next to nothing, walking the list by its index could read all
   * of it, and the planner cannot know: so a stretch of the list is walked, and when that is not enough, the matches
   * are few, and are collected by the filters' own indexes.
   * @param beyond where the page begins
   */
  async #search(
    filter: ClipFilter,
    beyond: readonly Prisma.ClipWhereInput[],
    column: Column,
    descending: boolean,
    take: number,
  ): Promise<Clip[]> {
    const direction = descending ? 'desc' : 'asc';
    const orderBy: Prisma.ClipOrderByWithRelationInput[] = [{ [column]: direction }, { clipId: direction }];
    const matching = [clipWhere(filter), ...beyond];
    if (!isNarrow(filter)) return this.#db.prisma.clip.findMany({ where: { AND: matching }, orderBy, take });
    const { from, to } = filter;
    const days = from || to ? { requestedAt: { ...(from ? { gte: from } : {}), ...(to ? { lt: to } : {}) } } : {};
    // Only what stands in the index of the order: nothing of the rows themselves is read.
    const [edge] = await this.#db.prisma.clip.findMany({
      where: { AND: column === 'requestedAt' ? [days, ...beyond] : [...beyond] },
      orderBy,
      skip: STRETCH,
      take: 1,
      select: { [column]: true } as Record<Column, true>,
    });
    const stretch = edge ? { [column]: { [descending ? 'gte' : 'lte']: edge[column] } } : {};
    const near = await this.#db.prisma.clip.findMany({ where: { AND: [...matching, stretch] }, orderBy, take });
    if (near.length === take || !edge) return near;
    return this.#db.tx(async (tx) => {
      // Only bitmaps of the filters' indexes are left to it: they are small here, and sorted at the end.
      await tx.$executeRaw`SET LOCAL enable_indexscan = off`;
      return tx.clip.findMany({ where: { AND: matching }, orderBy, take });
    });
  }

  async find(clipId: string): Promise<ClipView | undefined> {
    const row = await this.#db.prisma.clip.findUnique({ where: { clipId } });
    return row && !row.hidden ? clipView(row) : undefined;
  }

  async ofProcedure(procedureId: string): Promise<ClipView[]> {
    const rows = await this.#db.prisma.clip.findMany({ where: { procedureId, hidden: false }, take: 500 });
    return rows.map(clipView);
  }

  async detail(clipId: string): Promise<ClipDetail | undefined> {
    const where = { clipId };
    const row = await this.#db.prisma.clip.findUnique({ where });
    if (!row || row.hidden) return undefined;
    const { prisma } = this.#db;
    const bySource = { sourceId: 'asc' } as const;
    const [sources, renditions, instances, deliveries, facts, holds] = await Promise.all([
      prisma.clipSource.findMany({ where, orderBy: bySource }),
      prisma.rendition.findMany({ where, orderBy: [bySource, { rendition: 'asc' }] }),
      prisma.instance.findMany({ where, orderBy: [bySource, { createdAt: 'asc' }] }),
      prisma.delivery.findMany({ where, orderBy: { deliveryId: 'asc' } }),
      prisma.clipFact.findMany({ where, orderBy: { key: 'asc' } }),
      prisma.legalHold.findMany({ where: openHoldOf(clipId, row.procedureId), orderBy: { at: 'asc' } }),
    ]);
    const spans = sources.map(({ startedAt, durationMs }) => [+startedAt, +startedAt + durationMs] as const);
    const at = {
      gte: new Date(Math.min(...spans.map(([from]) => from))),
      lte: new Date(Math.max(...spans.map(([, to]) => to))),
    };
    const { stationId } = row;
    const markers =
      spans.length > 0 ? await prisma.marker.findMany({ where: { stationId, at }, orderBy: { at: 'asc' } }) : [];
    return {
      ...clipView(row),
      assignment: row.assignment,
      markers: markers.map(markerView),
      sources: sources.map(sourceView),
      renditions: renditions.map(renditionView),
      instances: instances.map((instance) => instanceView(instance, deliveries)),
      journey: journeyOf({ ...row, kind: row.kind as ClipKind }, facts.map(toFact)),
      holds: holds.map((hold) => ({ ...holdNote(hold), of: hold.clipId === null ? 'procedure' : 'clip' })),
    };
  }

  async source(clipId: string, sourceId: string): Promise<ClipSource | undefined> {
    return (
      (await this.#db.prisma.clipSource.findUnique({ where: { clipId_sourceId: { clipId, sourceId } } })) ?? undefined
    );
  }

  async rendition(clipId: string, sourceId: string, rendition: string): Promise<Rendition | undefined> {
    const of = async (name: string) => {
      const key = { clipId, sourceId, rendition: name };
      return (await this.#db.prisma.rendition.findUnique({ where: { clipId_sourceId_rendition: key } })) ?? undefined;
    };
    // a still in a syntax that no browser shows has a poster beside it
    return (rendition === 'still' ? await of('poster') : undefined) ?? of(rendition);
  }

  async instance(sopInstanceUid: string): Promise<Instance | undefined> {
    return (await this.#db.prisma.instance.findUnique({ where: { sopInstanceUid } })) ?? undefined;
  }

  /** The newest first; what waits and what was given up, with its reason. */
  async deliveries(
    filter: { reach: Reach; destination?: string | undefined; state?: readonly string[] | undefined },
    page: { limit: number; cursor?: string | undefined },
  ): Promise<Page<z.infer<typeof DeliveryQueueItem>>> {
    const sort = '-updatedAt';
    const and: Prisma.DeliveryWhereInput[] = [
      inReach(filter.reach),
      filter.destination === undefined ? {} : { destination: filter.destination },
      filter.state === undefined ? {} : { state: { in: [...filter.state] } },
    ];
    if (page.cursor !== undefined) {
      const { value, id } = decodeCursor(page.cursor, sort);
      const at = new Date(value);
      and.push({ OR: [{ updatedAt: { lt: at } }, { updatedAt: at, deliveryId: { lt: id } }] });
    }
    const rows = await this.#db.prisma.delivery.findMany({
      where: { AND: and },
      orderBy: [{ updatedAt: 'desc' }, { deliveryId: 'desc' }],
      take: page.limit + 1,
    });
    const shown = rows.slice(0, page.limit);
    const [clips, instances] = await Promise.all([
      this.#db.prisma.clip.findMany({ where: { clipId: { in: shown.map((row) => row.clipId) } } }),
      this.#db.prisma.instance.findMany({ where: { instanceId: { in: shown.map((row) => row.instanceId) } } }),
    ]);
    const items = shown.map((row) => {
      const clip = clips.find((c) => c.clipId === row.clipId);
      const instance = instances.find((i) => i.instanceId === row.instanceId);
      return {
        ...deliveryView(row),
        clipId: row.clipId,
        sopInstanceUid: row.sopInstanceUid,
        patient: { name: clip?.patientName ?? '', id: clip?.patientId ?? '' },
        ...(clip ? { stationId: clip.stationId } : {}),
        ...(instance ? { bytes: Number(instance.bytes) } : {}),
      };
    });
    const last = shown.at(-1);
    const nextCursor =
      rows.length > page.limit && last ? encodeCursor(sort, last.updatedAt.toISOString(), last.deliveryId) : undefined;
    return { items, ...(nextCursor === undefined ? {} : { nextCursor }) };
  }

  async deliveryCounts(reach: Reach): Promise<{ destination: string; state: string; count: number }[]> {
    const by = ['destination', 'state'] as const;
    const groups = await this.#db.prisma.delivery.groupBy({ by: [...by], where: inReach(reach), _count: true });
    return groups.map(({ destination, state, _count }) => ({ destination, state, count: _count }));
  }

  async marker(markerId: string) {
    const row = await this.#db.prisma.marker.findUnique({ where: { markerId } });
    return row ? { stationId: row.stationId, marker: markerView(row) } : undefined;
  }

  /** Also of a clip that was taken back. */
  async stationOf(clipId: string): Promise<string | undefined> {
    return (await this.#db.prisma.clip.findUnique({ where: { clipId }, select: { stationId: true } }))?.stationId;
  }

  /** What changed at or after an EVENTS sequence, oldest first, each thing once as it is now. */
  async changedSince(sequence: number): Promise<FeedEntry[]> {
    const changedSequence = { gte: BigInt(sequence) };
    const { prisma } = this.#db;
    const newest = { orderBy: { changedSequence: 'desc' }, take: 500 } as const;
    const [clips, markers, alarms] = await Promise.all([
      prisma.clip.findMany({ where: { changedSequence, hidden: false }, ...newest }),
      prisma.marker.findMany({ where: { changedSequence }, ...newest }),
      prisma.alarm.findMany({
        where: { sequence: { gt: BigInt(sequence) } },
        orderBy: { sequence: 'desc' },
        take: 100,
      }),
    ]);
    return [
      ...clips.map((row) => ({
        sequence: Number(row.changedSequence),
        stationId: row.stationId,
        message: { kind: 'clip' as const, clip: clipView(row) },
      })),
      ...markers.map((row) => ({
        sequence: Number(row.changedSequence),
        stationId: row.stationId,
        message: { kind: 'marker' as const, marker: markerView(row) },
      })),
      ...alarms.map((row) => ({
        sequence: Number(row.sequence),
        ...(row.stationId === null ? {} : { stationId: row.stationId }),
        message: { kind: 'alarm' as const, ...alarm(row) },
      })),
    ].sort((a, b) => a.sequence - b.sequence);
  }
}

const alarm = (row: { code: string; stationId: string | null; sourceId: string | null; reason: string; at: Date }) => ({
  code: row.code,
  reason: row.reason,
  at: row.at.toISOString(),
  ...(row.stationId === null ? {} : { stationId: row.stationId }),
  ...(row.sourceId === null ? {} : { sourceId: row.sourceId }),
});

const toText = (value: Date | number | bigint) => (value instanceof Date ? value.toISOString() : String(value));
function fromText(column: Column, text: string): Date | number | bigint {
  const value = column === 'requestedAt' ? new Date(text) : Number(text);
  if (Number.isNaN(Number(value)))
    throw inputError('invalid-cursor', `cursor value ${JSON.stringify(text.slice(0, 40))}`);
  return column === 'bytes' ? BigInt(Math.trunc(Number(value))) : value;
}
