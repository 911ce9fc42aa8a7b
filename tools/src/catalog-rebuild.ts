/**
 * `npm run catalog:rebuild`: what the catalog knows from events is thrown away and made again from EVENTS. On the
 * running system; or, given DATABASE_URL and NATS_URL (NATS_USER, NATS_PASSWORD), on any other.
 */
import { toError } from '@smartbox/kernel';
import { runCatalogScript } from './catalog-script.ts';

try {
  process.exitCode = await runCatalogScript('rebuild');
} catch (error) {
  console.error(toError(error).message);
  process.exitCode = 1;
}
