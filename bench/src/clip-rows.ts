import pg from 'pg';

const family =
  'müller,schmidt,schneider,fischer,weber,meyer,wagner,becker,schulz,hoffmann,nowak,kowalski,yılmaz,kaya,demir,li,wu,ng,nguyen,rossi,russo,silva,santos,garcía,lópez,petrov,ivanova,novák,horvat,kovács';
const given = 'anna,paul,lina,jonas,mia,elif,mehmet,zofia,jan,ola,marta,ivan,sofia,luca,emma,noah,lea,ben,clara,finn';
const procedures =
  'koloskopie,gastroskopie,laparoskopische cholezystektomie,arthroskopie knie,hysteroskopie,bronchoskopie';

/**
 * Fills the (migrated, empty) database of a catalog with clips of the last three years, as its own projection would
 * write them: 16 rooms, a surname that one patient in 30 shares, some with a rare suffix, numbers that are unique.
 */
export async function fillClips(databaseUrl: string, rows: number): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows: indexes } = await client.query<{ name: string; definition: string }>(
      `SELECT indexname AS name, indexdef AS definition FROM pg_indexes WHERE tablename = 'clip' AND indexname <> 'clip_pkey'`,
    );
    // Made once at the end, as after a restore: row by row it would take minutes.
    for (const { name } of indexes) await client.query(`DROP INDEX "${name}"`);
    await client.query(insert, [rows, family.split(','), given.split(','), procedures.split(',')]);
    for (const { definition } of indexes) await client.query(definition);
    await client.query('VACUUM ANALYZE clip');
  } finally {
    await client.end();
  }
}

const insert = `
INSERT INTO clip ("clipId", kind, state, "stationId", "procedureId", "patientName", "patientId", "accessionNumber",
  "recipeName", description, search, pieces, "requestedAt", "savedAt", "requestedMs", "savedMs", truncated, bytes, gaps,
  "hasPoster", keep, hidden, "changedSequence")
SELECT
  '01' || upper(lpad(to_hex(n), 24, '0')), 'clip',
  CASE WHEN n % 200 = 0 THEN 'failed' WHEN n % 50 = 0 THEN 'sent' ELSE 'archived' END,
  'or-' || (n % 16 + 1), '01' || upper(lpad(to_hex(n / 4), 24, '0')),
  person, id, accession, 'endoscopy', NULL,
  search, ARRAY(SELECT DISTINCT substr(word, at, 6)
    FROM unnest(string_to_array(search, ' ')) AS word, generate_series(1, char_length(word) - 5) AS at),
  now() - (n::float8 / $1) * interval '3 years', now() - (n::float8 / $1) * interval '3 years',
  120000, 120000 * (0.1 + n % 997 / 1000.0), n % 40 = 0,
  (n::bigint * 104729) % 1000000000, CASE WHEN n % 90 = 0 THEN 1 ELSE 0 END,
  true, false, false, n
FROM generate_series(1, $1::int) AS n
CROSS JOIN LATERAL (SELECT
  ($2::text[])[1 + (n / 4) * 31 % array_length($2::text[], 1)]
    || CASE WHEN n % 5000 < 4 THEN '-weinstock' ELSE '' END
    || '^' || ($3::text[])[1 + (n / 4) * 17 % array_length($3::text[], 1)] AS person,
  'P-' || lpad((n / 4)::text, 7, '0') AS id,
  'A2026-' || lpad((n / 4)::text, 6, '0') AS accession,
  ($4::text[])[1 + (n / 4) * 13 % array_length($4::text[], 1)] AS what
) AS who
CROSS JOIN LATERAL (SELECT
  ' ' || replace(person, '^', ' ') || ' ' || lower(id) || ' ' || lower(accession) || ' ' || what AS search
) AS text`;
