/** Brings the database to the newest migration: `node apps/catalog/dist/migrate.js`, with DATABASE_URL. Works offline. */
import { toError } from '@smartbox/kernel';
import { readDatabaseUrl } from './config.ts';
import { applyMigrations } from './outbound/schema-engine.ts';

try {
  const applied = await applyMigrations(readDatabaseUrl());
  process.stderr.write(applied.length === 0 ? 'the database is up to date\n' : `applied ${applied.join(', ')}\n`);
} catch (error) {
  process.stderr.write(`${toError(error).message}\n`);
  process.exitCode = 1;
}
