import { toError } from '@smartbox/kernel';
import { bootstrap, createLogger } from '@smartbox/telemetry';
import { AppModule, configure, type Given } from './app.module.ts';
import { readConfig } from './config.ts';
import { readRecipes, readStations } from './outbound/config-files.ts';
import { applyMigrations } from './outbound/schema-engine.ts';

async function prepare(): Promise<Given> {
  const log = createLogger('catalog');
  try {
    const config = readConfig();
    const [recipes, stations] = [await readRecipes(config.configDir), await readStations(config.configDir)];
    const applied = await applyMigrations(config.databaseUrl);
    if (applied.length > 0) log.info({ migrations: applied }, 'the database was brought up to date');
    return { config, recipes, stations };
  } catch (error) {
    log.error({ err: toError(error) }, 'the service cannot start');
    process.exit(1);
  }
}

const given = await prepare();
await bootstrap(AppModule.forRoot(given), {
  service: 'catalog',
  port: given.config.port,
  host: given.config.host,
  configure: (app) => configure(app, given.config),
});
