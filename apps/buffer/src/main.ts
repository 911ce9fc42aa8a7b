import { connectMessaging } from '@smartbox/messaging';
import { bootstrap } from '@smartbox/telemetry';
import { AppModule } from './app.module.ts';
import { readConfig } from './config.ts';

const config = readConfig();
await bootstrap(AppModule.forRoot(config), {
  service: 'buffer',
  host: config.host,
  port: config.port,
  configure: connectMessaging,
});
