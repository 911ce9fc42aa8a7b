import { Module, type DynamicModule, type OnModuleDestroy } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { Messaging, MessagingModule } from '@smartbox/messaging';
import { HealthModule } from '@smartbox/telemetry';
import { Conversations } from './application/conversations.ts';
import { Dvr } from './application/dvr.ts';
import { EveryAdmission } from './application/every-admission.ts';
import { FrameViewers } from './application/frame-viewers.ts';
import { LiveSessions } from './application/live-sessions.ts';
import { Overflow } from './application/overflow.ts';
import { PastViewers } from './application/past-viewers.ts';
import { Publications } from './application/publications.ts';
import { ViewerJournal } from './application/viewer-journal.ts';
import { isLoopback, type Config } from './config.ts';
import { ConversationController } from './inbound/conversation.controller.ts';
import { HlsController } from './inbound/hls.controller.ts';
import { LiveSocket } from './inbound/live.socket.ts';
import { ProblemFilter } from './inbound/problem.ts';
import { WhepController, WhepSettings } from './inbound/whep.controller.ts';
import { WhipController } from './inbound/whip.controller.ts';
import { CaptureBeside } from './outbound/capture-beside.ts';
import { MachineLoad } from './outbound/machine-load.ts';
import { NatsInstances } from './outbound/nats-instances.ts';
import { NatsJournal } from './outbound/nats-journal.ts';
import { NatsLive } from './outbound/nats-live.ts';
import { NatsSenders } from './outbound/nats-senders.ts';
import { NatsOpenRooms, NatsTalk } from './outbound/nats-talk.ts';
import { RingPast } from './outbound/ring-past.ts';
import { VoiceProcess } from './outbound/voice-process.ts';
import { WorkerPool } from './outbound/worker-pool.ts';
import type { VoiceSettings } from './worker/conversation/protocol.ts';

interface Closable {
  close(): void | Promise<void>;
}

/** Ends the parts one after the other. */
class Lifetime implements OnModuleDestroy {
  readonly #parts: readonly Closable[];

  constructor(parts: readonly Closable[]) {
    this.#parts = parts;
  }

  async onModuleDestroy(): Promise<void> {
    for (const part of this.#parts) await part.close();
  }
}

/** The only place where ports meet adapters. */
@Module({})
export class AppModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: AppModule,
      imports: [MessagingModule.forRoot({ service: 'streaming', ...config.nats }), HealthModule.forRoot()],
      controllers: [WhepController, WhipController, HlsController, ConversationController],
      providers: [
        { provide: NatsLive, inject: [Messaging], useFactory: (messaging: Messaging) => new NatsLive(messaging) },
        { provide: WorkerPool, inject: [NatsLive], useFactory: (live: NatsLive) => startPool(live, config) },
        {
          provide: CaptureBeside,
          inject: [Messaging],
          useFactory: (messaging: Messaging) => CaptureBeside.open(messaging, config.captureLateMs),
        },
        {
          provide: EveryAdmission,
          inject: [CaptureBeside],
          useFactory: (beside: CaptureBeside) => new EveryAdmission(beside, new MachineLoad(config.maxCpuPercent)),
        },
        { provide: NatsJournal, inject: [Messaging], useFactory: (messaging: Messaging) => new NatsJournal(messaging) },
        {
          provide: ViewerJournal,
          inject: [NatsJournal],
          useFactory: (journal: NatsJournal) => new ViewerJournal(journal),
        },
        {
          provide: NatsOpenRooms,
          inject: [Messaging],
          useFactory: (messaging: Messaging) => NatsOpenRooms.open(messaging),
        },
        { provide: VoiceProcess, useFactory: () => new VoiceProcess(voiceSettings(config)) },
        {
          provide: Conversations,
          inject: [VoiceProcess, Messaging, NatsOpenRooms, NatsJournal],
          useFactory: (host: VoiceProcess, messaging: Messaging, open: NatsOpenRooms, journal: NatsJournal) =>
            new Conversations(host, new NatsTalk(messaging), open, journal, config.announcedAddresses),
        },
        {
          provide: LiveSessions,
          inject: [WorkerPool, NatsLive, ViewerJournal, EveryAdmission],
          useFactory: (pool: WorkerPool, live: NatsLive, journal: ViewerJournal, admission: EveryAdmission) =>
            new LiveSessions(pool, live, journal, admission, config),
        },
        {
          provide: FrameViewers,
          inject: [NatsLive],
          useFactory: (live: NatsLive) => new FrameViewers(live, config.socketViewers),
        },
        {
          provide: NatsInstances,
          inject: [Messaging, WorkerPool, FrameViewers, EveryAdmission],
          useFactory: (messaging: Messaging, pool: WorkerPool, sockets: FrameViewers, admission: EveryAdmission) =>
            NatsInstances.open(messaging, config.publicUrl, () => ({
              viewers: pool.streams,
              places: pool.places,
              socketViewers: sockets.count,
              socketPlaces: sockets.limit,
              busy: admission.busy,
            })),
        },
        {
          provide: Overflow,
          inject: [NatsInstances],
          useFactory: (instances: NatsInstances) => new Overflow(instances),
        },
        {
          provide: Publications,
          inject: [Messaging],
          useFactory: (messaging: Messaging) => new Publications(new NatsSenders(messaging)),
        },
        {
          provide: Lifetime,
          // Nobody is sent here any more; then all end, and what they did is told.
          inject: [
            NatsInstances,
            CaptureBeside,
            RingPast,
            Conversations,
            VoiceProcess,
            WorkerPool,
            ViewerJournal,
            NatsOpenRooms,
            NatsJournal,
          ],
          useFactory: (...parts: Closable[]) => new Lifetime(parts),
        },
        LiveSocket,
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: RingPast, inject: [Messaging], useFactory: (messaging: Messaging) => new RingPast(messaging) },
        {
          provide: PastViewers,
          inject: [ViewerJournal],
          useFactory: (journal: ViewerJournal) => new PastViewers(journal),
        },
        { provide: Dvr, inject: [RingPast], useFactory: (past: RingPast) => new Dvr(past) },
        {
          provide: WhepSettings,
          useValue: new WhepSettings(config.allowedOrigins, config.iceServers, config.publicUrl),
        },
      ],
    };
  }
}

/** A service on loopback offers loopback candidates only; any other offers what its interfaces have. */
const bindAddress = ({ host }: Config): string | undefined => (isLoopback(host) ? '127.0.0.1' : undefined);

function voiceSettings(config: Config): VoiceSettings {
  const { udpPortBase, maxWorkers } = config;
  // Behind those of the viewers and of the restarted ones among them.
  const udpPort = udpPortBase === 0 ? 0 : udpPortBase + 2 * maxWorkers;
  return { bindAddress: bindAddress(config), udpPort, connectMs: 15_000 };
}

async function startPool(live: NatsLive, config: Config): Promise<WorkerPool> {
  const pool = new WorkerPool(live, {
    maxWorkers: config.maxWorkers,
    viewersPerWorker: config.viewersPerWorker,
    bindAddress: bindAddress(config),
    udpPortBase: config.udpPortBase,
  });
  await pool.warm();
  return pool;
}
