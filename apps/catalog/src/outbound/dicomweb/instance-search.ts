import type { QidoKey } from '@smartbox/dicom';
import { inputError } from '@smartbox/kernel';
import type { Reach } from '../../domain/access/caller.ts';
import { Prisma } from '../../generated/prisma/client.ts';
import { dayRange, type Search } from '../../domain/dicomweb/search.ts';
import type { Database } from '../database.ts';

/** An object of the catalog as DICOMweb names it. */
export interface InstanceRow {
  sopInstanceUid: string;
  seriesInstanceUid: string;
  studyInstanceUid: string;
  sopClassUid: string;
  transferSyntaxUid: string;
  key: string;
  bytes: number;
  sha256: string;
  payloadSha256: string;
  clipId: string;
  sourceId: string;
}

/** What a search finds: the object that speaks for it, and what it counts. */
export interface Hit extends InstanceRow {
  /** Of the study. */
  modalities: string[];
  studySeries: number;
  studyInstances: number;
  seriesInstances: number;
}

const sql = Prisma.sql;

/**
 * Objects that can be seen: of rooms within reach, not of a clip that was taken back, not removed, not those that a
 * correction has replaced, and not those of a procedure that the clip was moved away from. Patient and
 * study are those of the very version that the object was made of.
 */
const visible = (reach: Reach) => sql`
  SELECT i."sopInstanceUid", i."seriesInstanceUid", i."studyInstanceUid", i."sopClassUid", i."transferSyntaxUid",
    i."key", i."bytes", i."sha256", i."payloadSha256", i."clipId", i."sourceId", i."createdAt",
    coalesce(p."recipe"->'dicom'->>'modality', '') AS modality,
    coalesce(v."patient"->>'name', c."patientName") AS patient_name,
    coalesce(v."patient"->>'id', c."patientId") AS patient_id,
    v."patient"->>'birthDate' AS birth_date,
    v."study"->>'accessionNumber' AS accession,
    v."study"->>'studyId' AS study_id,
    v."study"->>'referringPhysician' AS referring,
    coalesce(v."study"->>'description', v."request"->>'requestedProcedureDescription') AS description,
    p."startedAt" AS started
  FROM "instance" i
  JOIN "clip" c ON c."clipId" = i."clipId"
  LEFT JOIN "procedure" p ON p."procedureId" = c."procedureId"
  LEFT JOIN "procedure_version" v ON v."procedureId" = c."procedureId" AND v."version" = i."procedureVersion"
  WHERE NOT c."hidden" AND i."removedAt" IS NULL AND i."assignment" = c."assignment"
    AND ${reach === 'everywhere' ? sql`true` : sql`c."stationId" = ANY(${[...reach]})`}
    AND NOT EXISTS (
    SELECT 1 FROM "instance" n WHERE n."clipId" = i."clipId" AND n."sourceId" = i."sourceId"
      AND n."assignment" = i."assignment" AND n."procedureVersion" > i."procedureVersion")`;

const columns = sql`"sopInstanceUid", "seriesInstanceUid", "studyInstanceUid", "sopClassUid", "transferSyntaxUid", "key",
  "bytes", "sha256", "payloadSha256", "clipId", "sourceId"`;

/** Reads of objects for QIDO-RS and WADO-RS. */
export class InstanceSearch {
  readonly #db: Database;
  readonly #timeZone: string;

  /** `timeZone`: of the site; a study's date is a local one. */
  constructor(db: Database, timeZone: string) {
    this.#db = db;
    this.#timeZone = timeZone;
  }

  /** Newest first. One more than the limit where there are more. */
  async find(search: Search, reach: Reach): Promise<Hit[]> {
    const { level, limit, offset } = search;
    const where = Object.entries(search.match).map(([key, values]) => this.#condition(key as QidoKey, values));
    const all = where.length === 0 ? sql`true` : Prisma.join(where, ' AND ');
    const per = {
      study: sql`"studyInstanceUid"`,
      series: sql`"seriesInstanceUid"`,
      instance: sql`"sopInstanceUid"`,
    }[level];
    const rows = await this.#db.prisma.$queryRaw<(Omit<Hit, 'bytes'> & { bytes: bigint })[]>`
      WITH visible AS NOT MATERIALIZED (${visible(reach)}),
      hits AS (
        SELECT DISTINCT ON (${per}) * FROM visible WHERE ${all} ORDER BY ${per}, "createdAt" DESC, "sopInstanceUid"
      ),
      page AS (
        SELECT * FROM hits ORDER BY "createdAt" DESC, "sopInstanceUid" LIMIT ${limit + 1} OFFSET ${offset}
      )
      SELECT ${columns}, s.modalities, s.series AS "studySeries", s.instances AS "studyInstances",
        (SELECT count(*)::int FROM visible o WHERE o."seriesInstanceUid" = page."seriesInstanceUid") AS "seriesInstances"
      FROM page, LATERAL (
        SELECT array_agg(DISTINCT modality) AS modalities, count(*)::int AS instances,
          count(DISTINCT "seriesInstanceUid")::int AS series
        FROM visible o WHERE o."studyInstanceUid" = page."studyInstanceUid"
      ) s
      ORDER BY "createdAt" DESC, "sopInstanceUid"`;
    return rows.map((row) => ({ ...row, bytes: Number(row.bytes) }));
  }

  /** Every object of a study, a series, or one, series by series in the order they were made. */
  async objects(reach: Reach, study: string, series?: string, instance?: string): Promise<InstanceRow[]> {
    const rows = await this.#db.prisma.$queryRaw<(Omit<InstanceRow, 'bytes'> & { bytes: bigint })[]>`
      SELECT ${columns} FROM (${visible(reach)}) v
      WHERE "studyInstanceUid" = ${study}
        AND ${series === undefined ? sql`true` : sql`"seriesInstanceUid" = ${series}`}
        AND ${instance === undefined ? sql`true` : sql`"sopInstanceUid" = ${instance}`}
      ORDER BY "seriesInstanceUid", "createdAt", "sopInstanceUid"`;
    return rows.map((row) => ({ ...row, bytes: Number(row.bytes) }));
  }

  /** When the last object of a study, a series, or that one, was removed; undefined where none was. */
  async removedAt(studyInstanceUid: string, seriesInstanceUid?: string, sopInstanceUid?: string) {
    const row = await this.#db.prisma.instance.findFirst({
      where: {
        studyInstanceUid,
        ...(seriesInstanceUid === undefined ? {} : { seriesInstanceUid }),
        ...(sopInstanceUid === undefined ? {} : { sopInstanceUid }),
        removedAt: { not: null },
      },
      orderBy: { removedAt: 'desc' },
      select: { removedAt: true },
    });
    return row?.removedAt ?? undefined;
  }

  #condition(key: QidoKey, values: readonly string[]): Prisma.Sql {
    const [first = ''] = values;
    const among = (column: Prisma.Sql) =>
      values.length === 0 ? sql`false` : sql`${column} IN (${Prisma.join([...values])})`;
    switch (key) {
      case 'StudyInstanceUID':
        return among(sql`"studyInstanceUid"`);
      case 'SeriesInstanceUID':
        return among(sql`"seriesInstanceUid"`);
      case 'SOPInstanceUID':
        return among(sql`"sopInstanceUid"`);
      case 'SOPClassUID':
        return among(sql`"sopClassUid"`);
      case 'PatientID':
        return like(sql`patient_id`, first);
      case 'AccessionNumber':
        return like(sql`accession`, first);
      case 'StudyID':
        return like(sql`study_id`, first);
      case 'StudyDescription':
        return like(sql`description`, first);
      case 'PatientName':
        return name(sql`patient_name`, first);
      case 'ReferringPhysicianName':
        return name(sql`referring`, first);
      case 'Modality':
        return like(sql`modality`, first);
      case 'ModalitiesInStudy': {
        const study = sql`SELECT 1 FROM visible m WHERE m."studyInstanceUid" = visible."studyInstanceUid"`;
        return sql`EXISTS (${study} AND ${like(sql`m.modality`, first)})`;
      }
      case 'PatientBirthDate':
        return days(sql`birth_date`, key, first);
      case 'StudyDate':
        return days(sql`to_char(started AT TIME ZONE ${this.#timeZone}, 'YYYYMMDD')`, key, first);
    }
  }
}

/** Single value or wildcard matching, PS3.4 C.2.2.2.1 and C.2.2.2.4. */
function pattern(value: string): string {
  return value
    .replace(/[\\%_]/g, '\\$&')
    .replaceAll('*', '%')
    .replaceAll('?', '_');
}
const like = (column: Prisma.Sql, value: string) => sql`${column} LIKE ${pattern(value)}`;

/** Names match whatever their case, and empty components at the end do not count (PS3.4 C.2.2.2.1.1). */
function name(column: Prisma.Sql, value: string): Prisma.Sql {
  return sql`rtrim(${column}, '^') ILIKE ${pattern(value.replace(/\^+$/, ''))}`;
}

function days(column: Prisma.Sql, key: string, value: string): Prisma.Sql {
  const { from, to } = dayRange(key, value);
  const bounds = [
    ...(from === undefined ? [] : [sql`${column} >= ${from}`]),
    ...(to === undefined ? [] : [sql`${column} <= ${to}`]),
  ];
  if (bounds.length === 0) throw inputError('invalid-query', `${key}: a day or a range`);
  return Prisma.join(bounds, ' AND ');
}
