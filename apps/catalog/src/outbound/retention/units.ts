import type { RetentionNeeds, RetentionRule } from '@smartbox/contracts';
import { Prisma } from '../../generated/prisma/client.ts';

const { sql, join } = Prisma;
const levels: Record<RetentionNeeds, number> = { saved: 0, sent: 1, archived: 2 };

/** Sources as they were saved. One that does not go to the PACS is never more than saved. */
const videos = sql`
  SELECT c."clipId", s."sourceId", 'video' AS what, NULL::text AS "renditionId", c."kind", c."stationId",
    c."procedureId", c."recipeName", c."consent", c."keep", c."held", c."hidden", s."pacs",
    s."durationMs" / 1000 AS seconds, c."savedAt" AS since, s."storedBytes" AS bytes,
    CASE WHEN s."pacs" AND c."state" = 'archived' THEN 2 WHEN s."pacs" AND c."state" = 'sent' THEN 1 ELSE 0 END AS level
  FROM "clip" c JOIN "clip_source" s ON s."clipId" = c."clipId"
  WHERE c."removedAt" IS NULL AND s."removedAt" IS NULL AND c."savedAt" IS NOT NULL`;

/**
 * Edits and exports that are ready; archived by DICOM objects of their own. Those of a procedure that the clip was moved
 * away from, or of a patient who was corrected, archive nothing.
 */
const films = sql`
  SELECT f."clipId", f."sourceId", f."kind" AS what, f."renditionId", f."kind", c."stationId",
    c."procedureId", c."recipeName", c."consent", c."keep", c."held", c."hidden", true AS "pacs",
    coalesce((x."data"->'video'->>'durationMs')::float / 1000, 0) AS seconds, x."firstAt" AS since,
    (x."data"->>'bytes')::bigint AS bytes,
    CASE WHEN a.committed THEN 2 WHEN a.stored THEN 1 ELSE 0 END AS level
  FROM "film_request" f
  JOIN "clip" c ON c."clipId" = f."clipId"
  JOIN "clip_fact" x ON x."clipId" = f."clipId"
    AND x."key" = 'rendition/' || f."sourceId" || '/' || f."kind" || '/' || f."renditionId"
  LEFT JOIN LATERAL (
    SELECT bool_and(coalesce(d."state", '') = 'committed') AS committed,
      bool_and(coalesce(d."state", '') IN ('committed', 'stored')) AS stored
    FROM "instance" i CROSS JOIN LATERAL unnest(i."destinations") AS goal
    LEFT JOIN "delivery" d ON d."instanceId" = i."instanceId" AND d."destination" = goal
    WHERE i."renditionId" = f."renditionId" AND i."assignment" = c."assignment"
      AND i."procedureVersion" >= coalesce((SELECT p."version" FROM "procedure" p WHERE p."procedureId" = c."procedureId"), 0)
  ) a ON true
  WHERE NOT EXISTS (SELECT 1 FROM "removal" r WHERE r."renditionId" = f."renditionId")`;

/** Everything that could be removed. */
export const units = sql`SELECT * FROM (${videos}) AS video UNION ALL SELECT * FROM (${films}) AS film`;

function fits(rule: RetentionRule): Prisma.Sql {
  const among = (column: Prisma.Sql, values: readonly string[] | undefined) =>
    values === undefined ? [] : [sql`${column} IN (${join([...values])})`];
  const all = [
    rule.takenBack ? sql`u."hidden"` : sql`NOT u."hidden"`,
    ...among(sql`u."kind"`, rule.kinds),
    ...among(sql`u."stationId"`, rule.stations),
    ...among(sql`u."sourceId"`, rule.sources),
    ...among(sql`u."recipeName"`, rule.recipes),
    ...among(sql`u."consent"`, rule.consent),
    ...(rule.pacs === undefined ? [] : [sql`u."pacs" = ${rule.pacs}`]),
    ...(rule.longerThanSeconds === undefined ? [] : [sql`u.seconds > ${rule.longerThanSeconds}`]),
  ];
  return join(all, ' AND ');
}

/**
 * Each unit with the first rule that fits (its place in the list), when it is due by it, and what keeps it all the same.
 * `rule` is null where none fits, `due` where it stays for ever.
 */
export function judged(rules: readonly RetentionRule[], of: Prisma.Sql = sql`true`): Prisma.Sql {
  const among = rules.map((rule, index) => sql`WHEN ${fits(rule)} THEN ${index}::int`);
  const rule = among.length === 0 ? sql`NULL::int` : sql`CASE ${join(among, ' ')} END`;
  const terms = [
    sql`(-1, NULL::int, 0)`,
    ...rules.map(({ days, needs }, index) => {
      return sql`(${index}::int, ${days === 'never' ? null : days}::int, ${levels[needs]}::int)`;
    }),
  ];
  return sql`
    SELECT m.*, m.since + make_interval(days => t.days) AS due,
      CASE WHEN m."keep" THEN 'keep' WHEN m."held" THEN 'hold' WHEN m.level < t.level THEN 'not-yet' END AS blocked
    FROM (SELECT u.*, ${rule} AS rule FROM (${units}) u WHERE ${of}) m
    LEFT JOIN (VALUES ${join(terms)}) AS t (rule, days, level) ON t.rule = m.rule`;
}
