import { Module, type DynamicModule } from '@nestjs/common';
import { systemClock } from '@smartbox/kernel';
import { createLogger, HealthModule } from '@smartbox/telemetry';
import { Station } from './application/station.ts';
import { isLoopback, type Config } from './config.ts';
import { StationLifetime } from './inbound/station.lifetime.ts';
import { DiskSpool } from './outbound/disk-spool.ts';
import { NatsBroker } from './outbound/nats-broker.ts';
import { ProcessLauncher } from './outbound/worker-process.ts';

const SOFTWARE = 'smartbox 0.1.0';

@Module({})
export class AppModule {
  static forRoot(config: Config): DynamicModule {
    const log = createLogger('capture-edge').child({ station: config.station.id });
    return {
      module: AppModule,
      imports: [HealthModule.forRoot()],
      providers: [
        { provide: NatsBroker, useFactory: () => new NatsBroker(config.station.id, config.nats, log) },
        {
          provide: ProcessLauncher,
          useFactory: () => new ProcessLauncher(log, isLoopback(config.host) ? '127.0.0.1' : undefined),
        },
        {
          provide: Station,
          inject: [NatsBroker, ProcessLauncher],
          useFactory: (broker: NatsBroker, launcher: ProcessLauncher) =>
            new Station(config.station, broker, new DiskSpool(config.spoolDir, log), launcher, systemClock, log, {
              software: SOFTWARE,
              maxSpoolBytes: config.maxSpoolBytes,
            }),
        },
        StationLifetime,
      ],
    };
  }
}
