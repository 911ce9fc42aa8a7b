import type { ClipDetail, ClipView, DeliveryQueueItem, FeedMessage } from '@smartbox/contracts';
import { inputError } from '@smartbox/kernel';
import type { z } from 'zod';
import type { ClipKind } from '../domain/clip.ts';
import type { Sort } from '../domain/clip-sort.ts';
import { journeyOf } from '../domain/journey.ts';
import type { Clip, ClipSource, Instance, Prisma, Rendition } from '../generated/prisma/client.ts';
import { toFact } from './clip-writer.ts';
import type { Database } from './database.ts';
import { clipView, deliveryView, instanceView, markerView, renditionView, sourceView } from './views.ts';

export interface ClipFilter {
  patient?: string | undefined;
  accession?: string | undefined;
  from?: Date | undefined;
  to?: Date | undefined;
  station?: string | undefined;
  state?: readonly string[] | undefined;
  kind?: string | undefined;
  procedure?: string | undefined;
  recipe?: string | undefined;
  q?: string | undefined;
}
const columns = { requestedAt: 'requestedAt', duration: 'savedMs', size: 'bytes' } as const;

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
    const direction = descending ? 'desc' : 'asc';
    const and: Prisma.ClipWhereInput[] = [where(filter)];
    if (page.cursor !== undefined) {
      const { value, id } = decodeCursor(page.cursor, page.sort);
      const at = fromText(column, value);
      const beyond = descending ? 'lt' : 'gt';
      // The first condition alone lets the index seek; the second decides among equals.
      and.push({ [column]: { [descending ? 'lte' : 'gte']: at } });
      and.push({ OR: [{ [column]: { [beyond]: at } }, { clipId: { [beyond]: id } }] });
    }
    const rows = await this.#db.prisma.clip.findMany({
      where: { AND: and },
      orderBy: [{ [column]: direction }, { clipId: direction }],
      take: page.limit + 1,
    });
    const more = rows.length > page.limit;
    const shown = more ? rows.slice(0, page.limit) : rows;
    const last = shown.at(-1);
    const nextCursor = more && last ? encodeCursor(page.sort, toText(last[column]), last.clipId) : undefined;
    return { rows: shown, nextCursor };
  }

  async find(clipId: string): Promise<ClipView | undefined> {
    const row = await this.#db.prisma.clip.findUnique({ where: { clipId } });
    return row && !row.hidden ? clipView(row) : undefined;
  }

  async detail(clipId: string): Promise<ClipDetail | undefined> {
    const where = { clipId };
    const row = await this.#db.prisma.clip.findUnique({ where });
    if (!row || row.hidden) return undefined;
    const { prisma } = this.#db;
    const bySource = { sourceId: 'asc' } as const;
    const [sources, renditions, instances, deliveries, facts] = await Promise.all([
      prisma.clipSource.findMany({ where, orderBy: bySource }),
      prisma.rendition.findMany({ where, orderBy: [bySource, { rendition: 'asc' }] }),
      prisma.instance.findMany({ where, orderBy: [bySource, { createdAt: 'asc' }] }),
      prisma.delivery.findMany({ where, orderBy: { deliveryId: 'asc' } }),
      prisma.clipFact.findMany({ where, orderBy: { key: 'asc' } }),
    ]);
    return {
      ...clipView(row),
      sources: sources.map(sourceView),
      renditions: renditions.map(renditionView),
      instances: instances.map((instance) => instanceView(instance, deliveries)),
      journey: journeyOf({ ...row, kind: row.kind as ClipKind }, facts.map(toFact)),
    };
  }

  async source(clipId: string, sourceId: string): Promise<ClipSource | undefined> {
    return (
      (await this.#db.prisma.clipSource.findUnique({ where: { clipId_sourceId: { clipId, sourceId } } })) ?? undefined
    );
  }

  async rendition(clipId: string, sourceId: string, rendition: string): Promise<Rendition | undefined> {
    const key = { clipId, sourceId, rendition };
    return (await this.#db.prisma.rendition.findUnique({ where: { clipId_sourceId_rendition: key } })) ?? undefined;
  }

  async instance(sopInstanceUid: string): Promise<Instance | undefined> {
    return (await this.#db.prisma.instance.findUnique({ where: { sopInstanceUid } })) ?? undefined;
  }

  /** The newest first; what waits and what was given up, with its reason. */
  async deliveries(
    filter: { destination?: string | undefined; state?: readonly string[] | undefined },
    page: { limit: number; cursor?: string | undefined },
  ): Promise<Page<z.infer<typeof DeliveryQueueItem>>> {
    const sort = '-updatedAt';
    const and: Prisma.DeliveryWhereInput[] = [
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

  async deliveryCounts(): Promise<{ destination: string; state: string; count: number }[]> {
    const groups = await this.#db.prisma.delivery.groupBy({ by: ['destination', 'state'], _count: true });
    return groups.map(({ destination, state, _count }) => ({ destination, state, count: _count }));
  }

  async marker(markerId: string) {
    const row = await this.#db.prisma.marker.findUnique({ where: { markerId } });
    return row ? markerView(row) : undefined;
  }

  /** What changed at or after an EVENTS sequence, oldest first, each thing once as it is now. */
  async changedSince(sequence: number): Promise<{ sequence: number; message: FeedMessage }[]> {
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
        message: { kind: 'clip' as const, clip: clipView(row) },
      })),
      ...markers.map((row) => ({
        sequence: Number(row.changedSequence),
        message: { kind: 'marker' as const, marker: markerView(row) },
      })),
      ...alarms.map((row) => ({ sequence: Number(row.sequence), message: { kind: 'alarm' as const, ...alarm(row) } })),
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

function where(filter: ClipFilter): Prisma.ClipWhereInput {
  const words = (filter.q ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  const and: Prisma.ClipWhereInput[] = words.map((word) => ({ search: { contains: literal(word) } }));
  const { patient, accession, from, to, station, state, kind, procedure, recipe } = filter;
  if (patient !== undefined) {
    const name = literal(patient);
    and.push({ OR: [{ patientId: patient }, { patientName: { contains: name, mode: 'insensitive' } }] });
  }
  return {
    AND: and,
    hidden: false,
    ...(accession === undefined ? {} : { accessionNumber: accession }),
    ...(station === undefined ? {} : { stationId: station }),
    ...(state === undefined ? {} : { state: { in: [...state] } }),
    ...(kind === undefined ? {} : { kind }),
    ...(procedure === undefined ? {} : { procedureId: procedure }),
    ...(recipe === undefined ? {} : { recipeName: recipe }),
    ...(from || to ? { requestedAt: { ...(from ? { gte: from } : {}), ...(to ? { lt: to } : {}) } } : {}),
  };
}

/** `%` and `_` in what a person typed are themselves, not wildcards of LIKE. */
const literal = (text: string) => text.replace(/[\\%_]/g, '\\$&');

const toText = (value: Date | number | bigint) => (value instanceof Date ? value.toISOString() : String(value));
function fromText(column: 'requestedAt' | 'savedMs' | 'bytes', text: string): Date | number | bigint {
  const value = column === 'requestedAt' ? new Date(text) : Number(text);
  if (Number.isNaN(Number(value)))
    throw inputError('invalid-cursor', `cursor value ${JSON.stringify(text.slice(0, 40))}`);
  return column === 'bytes' ? BigInt(Math.trunc(Number(value))) : value;
}
