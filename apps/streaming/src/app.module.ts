import { Inject, Module, type DynamicModule, type OnModuleDestroy } from '@nestjs/common';
import { Messaging, MessagingModule } from '@smartbox/messaging';
import { HealthModule } from '@smartbox/telemetry';
import { Dvr } from './application/dvr.ts';
import { LiveSessions } from './application/live-sessions.ts';
import { isLoopback, type Config } from './config.ts';
import { HlsController } from './inbound/hls.controller.ts';
import { WhepController, WhepSettings } from './inbound/whep.controller.ts';
import { NatsLive } from './outbound/nats-live.ts';
import { RingPast } from './outbound/ring-past.ts';
import { WorkerPool } from './outbound/worker-pool.ts';

/** The only place where ports meet adapters. */
@Module({})
export class AppModule implements OnModuleDestroy {
  readonly #pool: WorkerPool;
  readonly #past: RingPast;

  constructor(@Inject(WorkerPool) pool: WorkerPool, @Inject(RingPast) past: RingPast) {
    this.#pool = pool;
    this.#past = past;
  }

  onModuleDestroy(): void {
    this.#past.close();
    this.#pool.close();
  }

  static forRoot(config: Config): DynamicModule {
    return {
      module: AppModule,
      imports: [MessagingModule.forRoot({ service: 'streaming', ...config.nats }), HealthModule.forRoot()],
      controllers: [WhepController, HlsController],
      providers: [
        { provide: NatsLive, inject: [Messaging], useFactory: (messaging: Messaging) => new NatsLive(messaging) },
        { provide: WorkerPool, inject: [NatsLive], useFactory: (live: NatsLive) => startPool(live, config) },
        {
          provide: LiveSessions,
          inject: [WorkerPool, NatsLive],
          useFactory: (pool: WorkerPool, live: NatsLive) => new LiveSessions(pool, live, config),
        },
        { provide: RingPast, inject: [Messaging], useFactory: (messaging: Messaging) => new RingPast(messaging) },
        { provide: Dvr, inject: [RingPast], useFactory: (past: RingPast) => new Dvr(past) },
        { provide: WhepSettings, useValue: new WhepSettings(config.allowedOrigins, config.iceServers) },
      ],
    };
  }
}

async function startPool(live: NatsLive, config: Config): Promise<WorkerPool> {
  const pool = new WorkerPool(live, {
    maxWorkers: config.maxWorkers,
    viewersPerWorker: config.viewersPerWorker,
    // A service on loopback offers loopback candidates only; any other offers what its interfaces have.
    bindAddress: isLoopback(config.host) ? '127.0.0.1' : undefined,
    udpPortBase: config.udpPortBase,
  });
  await pool.warm();
  return pool;
}
