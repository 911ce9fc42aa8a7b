import { bootstrap } from '@smartbox/telemetry';
import { toError } from '@smartbox/kernel';
import { AppModule } from './app.module.ts';
import { loadConfig, type Config } from './config.ts';

function configOrExit(): Config {
  try {
    return loadConfig();
  } catch (error) {
    process.stderr.write(`capture-edge: ${toError(error).message}\n`);
    process.exit(78); // EX_CONFIG
  }
}

const config = configOrExit();
await bootstrap(AppModule.forRoot(config), { service: 'capture-edge', port: config.port, host: config.host });
