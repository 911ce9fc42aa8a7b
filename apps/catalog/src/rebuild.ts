/**
 * Drops what came from events and applies EVENTS again, in one transaction: screens see the old picture until the new
 * one is whole, and a service that runs meanwhile waits and goes on. Same environment as the service.
 */
import { toError } from '@smartbox/kernel';
import { Messaging } from '@smartbox/messaging';
import { inBatches } from './application/projector.ts';
import { readRebuildConfig } from './config.ts';
import { Database } from './outbound/database.ts';
import { ProjectionStore } from './outbound/projection-store.ts';
import { applyMigrations } from './outbound/schema-engine.ts';

const config = readRebuildConfig();
await applyMigrations(config.databaseUrl);
const messaging = await Messaging.connect({ service: 'catalog', ...config.nats });
const database = new Database(config.databaseUrl);
try {
  const store = new ProjectionStore(database);
  const state = await messaging.eventsState();
  await store.adoptStream(state.created);
  const fromSequence = Math.max(1, state.firstSequence);
  const startedAt = performance.now();
  const events = messaging.readEvents({ fromSequence, follow: false });
  const count = await store.rebuild(fromSequence, inBatches(events, 500));
  const result = { events: count, fromSequence, milliseconds: Math.round(performance.now() - startedAt) };
  process.stdout.write(`${JSON.stringify(result)}\n`);
} catch (error) {
  process.stderr.write(`the catalog was not rebuilt, nothing changed: ${toError(error).message}\n`);
  process.exitCode = 1;
} finally {
  await database.close();
  await messaging.close();
}
