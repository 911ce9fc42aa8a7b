import type { AuditEntryView, AuditKind, AuditView } from '@smartbox/contracts';
import { actionsOf, isRead, knownActions, meaningOf } from '../domain/audit/actions.ts';
import type { AuditEntry, Prisma } from '../generated/prisma/client.ts';
import type { Database } from './database.ts';

export interface AuditFilter {
  person?: string | undefined;
  object?: string | undefined;
  kind?: AuditKind | undefined;
  station?: string | undefined;
  outcome?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
}

/** What an object may be called by: its id alone, or with what it is. */
const prefixes = [
  '',
  'clip/',
  'procedure/',
  'account/',
  'station/',
  'token/',
  'panel/',
  'marker/',
  'alarm/',
  'operation/',
];

export function auditWhere(filter: AuditFilter): Prisma.AuditEntryWhereInput {
  const { person, object, kind, station, outcome, from, to } = filter;
  const and: Prisma.AuditEntryWhereInput[] = [];
  if (person !== undefined) and.push({ actor: { contains: person.replace(/[\\%_]/g, '\\$&'), mode: 'insensitive' } });
  if (object !== undefined) {
    const subject = { in: prefixes.map((prefix) => `${prefix}${object}`) };
    and.push({ OR: [{ subject }, { patientId: object }, { studyUid: object }] });
  }
  // What another build calls differently is a change.
  if (kind === 'change')
    and.push({ action: { notIn: knownActions.filter((action) => meaningOf(action).kind !== kind) } });
  else if (kind !== undefined) and.push({ action: { in: actionsOf(kind) } });
  if (station !== undefined) and.push({ stationId: station });
  if (outcome !== undefined) and.push({ outcome });
  if (from !== undefined) and.push({ at: { gte: new Date(from) } });
  if (to !== undefined) and.push({ at: { lt: new Date(to) } });
  return { AND: and };
}

/** Reads of the audit trail. */
export class AuditQueries {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** What was done to a clip and to its procedure, and who took its studies by DICOMweb, newest first; not who only looked at it. */
  async ofClip(clipId: string, procedureId: string): Promise<AuditView[]> {
    const studies = await this.#db.prisma.instance.findMany({
      where: { clipId },
      distinct: ['studyInstanceUid'],
      select: { studyInstanceUid: true },
    });
    const read = studies.map(({ studyInstanceUid }) => `study/${studyInstanceUid}`);
    const rows = await this.#db.prisma.auditEntry.findMany({
      where: {
        subject: { in: [`clip/${clipId}`, `procedure/${procedureId}`, ...read] },
        action: { notIn: knownActions.filter(isRead) },
      },
      orderBy: { sequence: 'desc' },
      take: 200,
    });
    return rows.map(({ at, actor, action, detail, traceId }) => ({
      at: at.toISOString(),
      actor,
      action,
      detail: detail as Record<string, unknown>,
      ...(traceId === null ? {} : { traceId }),
    }));
  }

  /** A page, the newest first. @param before sequence of the last of the page before */
  async search(
    filter: AuditFilter,
    { limit, before }: { limit: number; before?: number | undefined },
  ): Promise<{ items: AuditEntryView[]; nextCursor?: string }> {
    const older = before === undefined ? {} : { sequence: { lt: BigInt(before) } };
    const rows = await this.#db.prisma.auditEntry.findMany({
      where: { AND: [auditWhere(filter), older] },
      orderBy: { sequence: 'desc' },
      take: limit + 1,
    });
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    const more = rows.length > limit && last ? { nextCursor: String(last.sequence) } : {};
    return { items: shown.map(entryView), ...more };
  }

  async first(): Promise<{ sequence: number; at: string } | undefined> {
    const row = await this.#db.prisma.auditEntry.findFirst({ orderBy: { sequence: 'asc' } });
    return row ? { sequence: Number(row.sequence), at: row.at.toISOString() } : undefined;
  }
}

const entryView = (row: AuditEntry): AuditEntryView => ({
  sequence: Number(row.sequence),
  id: row.id,
  at: row.at.toISOString(),
  actor: row.actor,
  action: row.action,
  kind: meaningOf(row.action).kind,
  outcome: row.outcome === 'failure' ? 'failure' : 'success',
  subject: row.subject,
  detail: row.detail as Record<string, unknown>,
  hash: row.hash,
  ...(row.stationId === null ? {} : { stationId: row.stationId }),
  ...(row.patientId === null ? {} : { patientId: row.patientId }),
  ...(row.address === null ? {} : { address: row.address }),
  ...(row.traceId === null ? {} : { traceId: row.traceId }),
});
