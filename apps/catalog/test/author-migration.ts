/**
 * Writes the next migration: replays the checked-in ones into a scratch database and diffs it with schema.prisma.
 * `node --conditions=@smartbox/source apps/catalog/test/author-migration.ts <name>`
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { startPostgres } from '@smartbox/testing';
import { applyMigrations, driftSql } from '../src/outbound/schema-engine.ts';

const name = process.argv[2];
if (!name || !/^[a-z0-9_]+$/.test(name)) throw new Error(`a name in lower_snake_case is needed, not ${name}`);
const postgres = await startPostgres({ database: 'scratch' });
try {
  await applyMigrations(postgres.url);
  const sql = await driftSql(postgres.url);
  if (sql === '' || sql.startsWith('-- This is an empty migration')) {
    console.log('schema.prisma and the migrations agree: nothing to write');
  } else {
    const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
    const dir = new URL(`../prisma/migrations/${stamp}_${name}/`, import.meta.url);
    await mkdir(dir, { recursive: true });
    await writeFile(new URL('migration.sql', dir), `${sql}\n`);
    console.log(dir.pathname);
  }
} finally {
  await postgres.stop();
}
