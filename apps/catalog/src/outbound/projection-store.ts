import type { EventData, EventName } from '@smartbox/contracts';
import { toError } from '@smartbox/kernel';
import type { StoredEvent } from '@smartbox/messaging';
import type { AlarmNote, Changes, ProjectionStore as Port } from '../application/projector.ts';
import { alarmOf } from '../domain/alarm.ts';
import { factOf, mergeFacts, type Fact, type FactName } from '../domain/facts.ts';
import { lockClips, refreshClip, toFact, type DerivedTable } from './clip-writer.ts';
import { isDatabaseTrouble, json, type Database, type Tx } from './database.ts';
import { isStreaming, noteLive, type LiveNote } from './live-audit.ts';

const POSITION = 'events';
const MINUTE = 60_000;

/** Which derived rows a fact can change; the clip's own row is written each time. */
const tablesOf: Record<FactName, DerivedTable[]> = {
  saved: ['sources', 'deliveries'],
  failed: [],
  'recording-started': [],
  'recording-stopped': [],
  still: ['sources', 'deliveries'],
  rendition: ['sources', 'renditions'],
  'rendition-failed': [],
  copied: [],
  deidentified: [],
  progress: [],
  quality: [],
  'quality-warned': [],
  instance: ['sources', 'instances', 'deliveries'],
  'instance-failed': [],
  'delivery-started': ['deliveries'],
  'delivery-deferred': ['deliveries'],
  'delivery-failed': ['deliveries'],
  'delivery-replaced': ['deliveries'],
  stored: ['deliveries'],
  committed: ['deliveries'],
  'commitment-failed': ['deliveries'],
  'commitment-waived': ['deliveries'],
};

interface Heard {
  clipId: string;
  fact: Fact;
  sequence: bigint;
}

/** The derived tables: events are applied together with their position, so each counts exactly once. */
export class ProjectionStore implements Port {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async position(): Promise<{ sequence: number; streamCreated: string | undefined }> {
    const row = await this.#db.prisma.projectionPosition.findUnique({ where: { name: POSITION } });
    return { sequence: Number(row?.sequence ?? 0), streamCreated: row?.streamCreated ?? undefined };
  }

  async adoptStream(created: string): Promise<void> {
    await this.#db.tx(async (tx) => {
      const at = await lockPosition(tx);
      if (at.streamCreated === created) return;
      if (at.streamCreated !== null) {
        // The stream was made anew and counts from 1: what came from the old one is older than all of it.
        await tx.clipFact.updateMany({ data: { sequence: -1n, firstSequence: -1n } });
        await tx.alarm.deleteMany({});
        await tx.projectionSkip.deleteMany({});
      }
      const sequence = at.streamCreated === null ? at.sequence : 0n;
      await tx.projectionPosition.update({ where: { name: POSITION }, data: { streamCreated: created, sequence } });
    });
  }

  /** Undefined: somebody else moved the position meanwhile; nothing was applied, read again from there. */
  apply(events: readonly StoredEvent[], expected: number): Promise<Changes | undefined> {
    return this.#db.tx(async (tx) => {
      const at = await lockPosition(tx);
      return at.sequence === BigInt(expected) ? applyRobustly(tx, events) : undefined;
    });
  }

  /**
   * Drops what came from the events that the stream still has (from `firstSequence` on), and applies `batches` of
   * them again, in one transaction: readers see the old picture until the new one is whole.
   */
  async rebuild(firstSequence: number, batches: AsyncIterable<readonly StoredEvent[]>): Promise<number> {
    const work = async (tx: Tx) => {
      await lockPosition(tx);
      const gone = { gte: BigInt(firstSequence) };
      await tx.clipFact.deleteMany({ where: { firstSequence: gone } });
      await tx.marker.deleteMany({ where: { changedSequence: gone } });
      await tx.alarm.deleteMany({ where: { sequence: gone } });
      await tx.projectionSkip.deleteMany({ where: { sequence: gone } });
      for (const table of [tx.clip, tx.clipSource, tx.rendition, tx.instance, tx.delivery]) {
        await (table as unknown as { deleteMany: (all: object) => Promise<unknown> }).deleteMany({});
      }
      const notes = await tx.clipNote.findMany({ select: { clipId: true } });
      const older = await tx.clipFact.findMany({ distinct: ['clipId'], select: { clipId: true } });
      for (const clipId of new Set([...notes, ...older].map((row) => row.clipId))) await refreshClip(tx, clipId, 0n);
      await tx.projectionPosition.update({ where: { name: POSITION }, data: { sequence: BigInt(firstSequence - 1) } });
      let count = 0;
      for await (const events of batches) {
        await applyRobustly(tx, events);
        count += events.length;
      }
      return count;
    };
    return this.#db.tx(work, { timeoutMs: 12 * 60 * MINUTE });
  }
}

async function lockPosition(tx: Tx): Promise<{ sequence: bigint; streamCreated: string | null }> {
  await tx.$executeRaw`INSERT INTO projection_position (name, sequence, "updatedAt") VALUES (${POSITION}, 0, now()) ON CONFLICT DO NOTHING`;
  const rows = await tx.$queryRaw<{ sequence: bigint; streamCreated: string | null }[]>`
    SELECT sequence, "streamCreated" FROM projection_position WHERE name = ${POSITION} FOR UPDATE`;
  const [row] = rows;
  if (!row) throw new Error('the position row vanished');
  return row;
}

/**
 * All at once; where the database refuses that (a value no column can hold), one by one, and the refused event is
 * recorded as skipped. Trouble of the database itself is thrown: the same batch will be applied again.
 */
async function applyRobustly(tx: Tx, events: readonly StoredEvent[]): Promise<Changes> {
  await tx.$executeRaw`SAVEPOINT batch`;
  try {
    return await applyAll(tx, events);
  } catch (error) {
    if (isDatabaseTrouble(error)) throw error;
    await tx.$executeRaw`ROLLBACK TO SAVEPOINT batch`;
    const [only] = events;
    if (events.length === 1 && only) {
      await skip(tx, BigInt(only.sequence), only.subject, `the database refuses it: ${shortReason(error)}`);
      await moveTo(tx, only.sequence);
      const { sequence } = only;
      return { sequence, clips: [], films: [], procedures: [], markers: [], alarms: [], refused: [sequence] };
    }
    const all: Changes = { sequence: 0, clips: [], films: [], procedures: [], markers: [], alarms: [], refused: [] };
    for (const event of events) {
      const one = await applyRobustly(tx, [event]);
      all.sequence = one.sequence;
      for (const list of ['clips', 'films', 'procedures', 'markers'] as const) all[list].push(...one[list]);
      all.alarms.push(...one.alarms);
      all.refused.push(...one.refused);
    }
    return all;
  }
}

/** Prisma's messages quote the data of the query: only the last line says what was wrong. */
const shortReason = (error: unknown) => toError(error).message.trim().split('\n').at(-1)?.slice(0, 300) ?? '';

const moveTo = (tx: Tx, sequence: number) =>
  tx.projectionPosition.update({ where: { name: POSITION }, data: { sequence: BigInt(sequence) } });

async function applyAll(tx: Tx, events: readonly StoredEvent[]): Promise<Changes> {
  const heard: Heard[] = [];
  const live: LiveNote[] = [];
  const touched = new Map<string, { tables: Set<DerivedTable>; sequence: bigint }>();
  const changes = {
    films: new Set<string>(),
    procedures: new Set<string>(),
    markers: new Set<string>(),
    alarms: [] as AlarmNote[],
  };
  const touch = (clipId: string, sequence: bigint) => {
    const entry = touched.get(clipId) ?? { tables: new Set<DerivedTable>(), sequence };
    touched.set(clipId, entry);
    entry.sequence = sequence;
    return entry.tables;
  };
  for (const stored of events) {
    const sequence = BigInt(stored.sequence);
    if (!stored.event || !stored.name) {
      await skip(tx, sequence, stored.subject, stored.invalid ?? 'not an event of this build');
      continue;
    }
    const { name, event } = stored;
    const alarm = alarmOf(name, event.data);
    if (alarm) {
      const row = { sequence, ...alarm, at: new Date(event.time) };
      await tx.alarm.createMany({ data: [row], skipDuplicates: true });
      changes.alarms.push({ ...row, sequence: stored.sequence });
    }
    const found = factOf(name, event.data, event);
    if (found) {
      heard.push({ ...found, sequence });
      const tables = touch(found.clipId, sequence);
      for (const table of tablesOf[found.fact.name]) tables.add(table);
      if ('renditionId' in found.fact.data && found.fact.data.renditionId)
        changes.films.add(found.fact.data.renditionId);
    } else if (name === 'buffer.marker.set') {
      changes.markers.add(await writeMarker(tx, event.data as EventData<'buffer.marker.set'>, sequence));
    } else if (isStreaming(name)) {
      live.push({ name, event });
    } else if (isProcedure(name)) {
      const { procedureId } = event.data as EventData<'catalog.procedure.ended'>;
      changes.procedures.add(procedureId);
      if (name !== 'catalog.procedure.corrected') continue;
      const clips = await tx.clip.findMany({ where: { procedureId }, select: { clipId: true } });
      for (const { clipId } of clips) touch(clipId, sequence);
    }
  }
  await lockClips(tx, touched.keys());
  await writeFacts(tx, heard);
  for (const [clipId, { tables, sequence }] of touched) await refreshClip(tx, clipId, sequence, tables);
  const last = events.at(-1);
  if (last) await moveTo(tx, last.sequence);
  for (const note of live) await noteLive(tx, note);
  return {
    sequence: last?.sequence ?? 0,
    clips: [...touched.keys()],
    films: [...changes.films],
    procedures: [...changes.procedures],
    markers: [...changes.markers],
    alarms: changes.alarms,
    refused: [],
  };
}

const isProcedure = (name: EventName) => name.startsWith('catalog.procedure.');

async function skip(tx: Tx, sequence: bigint, subject: string, reason: string): Promise<void> {
  const data = { subject: subject.slice(0, 200), reason: reason.slice(0, 2000) };
  await tx.projectionSkip.upsert({ where: { sequence }, create: { sequence, ...data }, update: data });
}

async function writeMarker(tx: Tx, data: EventData<'buffer.marker.set'>, sequence: bigint): Promise<string> {
  const { markerId, stationId, procedureId, at, label } = data;
  const row = { stationId, procedureId, at: new Date(at), label: label ?? null, changedSequence: sequence };
  await tx.marker.upsert({ where: { markerId }, create: { markerId, ...row }, update: row });
  return markerId;
}

async function writeFacts(tx: Tx, heard: readonly Heard[]): Promise<void> {
  if (heard.length === 0) return;
  const clipIds = [...new Set(heard.map((h) => h.clipId))];
  const rows = await tx.clipFact.findMany({ where: { clipId: { in: clipIds } } });
  const known = new Map(
    rows.map((row) => [
      `${row.clipId}/${row.key}`,
      { fact: toFact(row), sequence: row.sequence, firstSequence: row.firstSequence, stored: true },
    ]),
  );
  const written = new Map<string, Heard & { firstSequence: bigint; stored: boolean }>();
  for (const { clipId, fact, sequence } of heard) {
    const id = `${clipId}/${fact.key}`;
    const before = known.get(id);
    const entry = before
      ? {
          clipId,
          fact: mergeFacts<Fact>(before.fact, fact),
          sequence,
          firstSequence: before.firstSequence < sequence ? before.firstSequence : sequence,
          stored: before.stored,
        }
      : { clipId, fact, sequence, firstSequence: sequence, stored: false };
    known.set(id, entry);
    written.set(id, entry);
  }
  const toRow = ({ clipId, fact, sequence, firstSequence }: Heard & { firstSequence: bigint }) => ({
    clipId,
    key: fact.key,
    name: fact.name,
    eventId: fact.eventId,
    at: new Date(fact.at),
    firstAt: new Date(fact.firstAt),
    sequence,
    firstSequence,
    data: json(fact.data),
  });
  const all = [...written.values()];
  const fresh = all.filter((entry) => !entry.stored).map(toRow);
  if (fresh.length > 0) await tx.clipFact.createMany({ data: fresh });
  for (const entry of all.filter((e) => e.stored)) {
    const { clipId, key, ...data } = toRow(entry);
    await tx.clipFact.update({ where: { clipId_key: { clipId, key } }, data });
  }
}
