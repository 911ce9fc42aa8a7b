import { bootstrap } from '@smartbox/telemetry';
import { AppModule } from './app.module.ts';
import { readConfig } from './config.ts';
import { acceptSdp } from './sdp-bodies.ts';

const config = readConfig();
await bootstrap(AppModule.forRoot(config), {
  service: 'streaming',
  host: config.host,
  port: config.port,
  configure: acceptSdp,
});
