import { connectMessaging } from '@smartbox/messaging';
import { bootstrap } from '@smartbox/telemetry';
import { AppModule } from './app.module.ts';
import { config } from './config.ts';

await bootstrap(AppModule, {
  service: 'pacs-gateway',
  host: config.host,
  port: config.port,
  configure: connectMessaging,
});
