import fastifyStatic from '@fastify/static';
import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Recipe, StationConfig } from '@smartbox/contracts';
import { systemClock } from '@smartbox/kernel';
import { connectMessaging, Messaging, MessagingModule } from '@smartbox/messaging';
import { ObjectStore, parseS3Url } from '@smartbox/storage';
import { createLogger, HealthModule } from '@smartbox/telemetry';
import { Clips } from './application/clips.ts';
import { Destinations } from './application/destinations.ts';
import { Feed } from './application/feed.ts';
import { Procedures } from './application/procedures.ts';
import { Projector } from './application/projector.ts';
import { Relay } from './application/relay.ts';
import { Stations } from './application/stations.ts';
import { Worklist } from './application/worklist.ts';
import type { Config } from './config.ts';
import { ClipsController } from './inbound/http/clips.controller.ts';
import { DashboardController } from './inbound/http/dashboard.controller.ts';
import { DeliveriesController } from './inbound/http/deliveries.controller.ts';
import { FeedController } from './inbound/http/feed.controller.ts';
import { MediaController } from './inbound/http/media.controller.ts';
import { ProblemFilter } from './inbound/http/problem.filter.ts';
import { ProceduresController } from './inbound/http/procedures.controller.ts';
import { guardRequests } from './inbound/http/security.ts';
import { StationsController } from './inbound/http/stations.controller.ts';
import { TraceInterceptor } from './inbound/http/trace.interceptor.ts';
import { ProcedureRpc } from './inbound/rpc/procedure.rpc.ts';
import { Lifecycle } from './lifecycle.ts';
import { ClipQueries } from './outbound/clip-queries.ts';
import { ClipStore } from './outbound/clip-store.ts';
import { Database } from './outbound/database.ts';
import { NatsPublisher } from './outbound/nats-publisher.ts';
import { OutboxStore } from './outbound/outbox-store.ts';
import { ProcedureQueries } from './outbound/procedure-queries.ts';
import { ProcedureStore } from './outbound/procedure-store.ts';
import { ProjectionStore } from './outbound/projection-store.ts';
import { StationStore } from './outbound/station-store.ts';
import { WorklistStore } from './outbound/worklist-store.ts';
import { SETTINGS } from './settings.ts';

export interface Given {
  config: Config;
  recipes: readonly Recipe[];
  stations: readonly StationConfig[];
}

const controllers = [
  ClipsController,
  ProceduresController,
  StationsController,
  DeliveriesController,
  MediaController,
  FeedController,
  ProcedureRpc,
  DashboardController,
];

/** The only place where ports meet adapters. */
@Module({})
export class AppModule {
  static forRoot(given: Given): DynamicModule {
    const { config } = given;
    return {
      module: AppModule,
      imports: [MessagingModule.forRoot({ service: 'catalog', ...config.nats }), HealthModule.forRoot()],
      controllers,
      providers: providers(given),
    };
  }
}

function providers({ config, recipes, stations }: Given): Provider[] {
  const log = createLogger('catalog');
  const { version, streamingUrl, liveTokenSecret, dashboardDir, locale, timeZone, institution } = config;
  const settings = { version, streamingUrl, liveTokenSecret, dashboardDir, locale, timeZone, recipes };
  const make = <T>(
    provide: abstract new (...args: never[]) => T,
    inject: Extract<Provider, { useFactory: unknown }>['inject'] & object,
    useFactory: (...args: never[]) => T | Promise<T>,
  ): Provider => ({ provide, inject, useFactory: useFactory as (...args: unknown[]) => T | Promise<T> });
  return [
    { provide: SETTINGS, useValue: settings },
    make(Database, [], () => new Database(config.databaseUrl)),
    make(StationStore, [Database], (db: Database) => new StationStore(db, stations)),
    make(OutboxStore, [Database], (db: Database) => new OutboxStore(db)),
    make(ClipStore, [Database, OutboxStore], (db: Database, outbox: OutboxStore) => new ClipStore(db, outbox)),
    make(
      ProcedureStore,
      [Database, OutboxStore],
      (db: Database, outbox: OutboxStore) => new ProcedureStore(db, outbox),
    ),
    make(WorklistStore, [Database], (db: Database) => new WorklistStore(db)),
    make(ProjectionStore, [Database], (db: Database) => new ProjectionStore(db)),
    make(ClipQueries, [Database], (db: Database) => new ClipQueries(db)),
    make(ProcedureQueries, [Database, StationStore], (db: Database, s: StationStore) => new ProcedureQueries(db, s)),
    make(NatsPublisher, [Messaging], (messaging: Messaging) => NatsPublisher.open(messaging)),
    make(ObjectStore, [], () => new ObjectStore(parseS3Url(config.s3.url, config.s3.credentials))),
    make(Procedures, [ProcedureStore, StationStore], (store: ProcedureStore, directory: StationStore) => {
      return new Procedures(store, directory, recipes, { timeZone, institution }, systemClock);
    }),
    make(
      Clips,
      [ClipStore, ProcedureStore, StationStore, Feed],
      (clips: ClipStore, procedures: ProcedureStore, directory: StationStore, feed: Feed) =>
        new Clips(clips, procedures, directory, feed, systemClock),
    ),
    make(Worklist, [Messaging, WorklistStore], (messaging: Messaging, cache: WorklistStore) => {
      return new Worklist((query) => messaging.call('pacs-gateway.find-worklist', query, { timeoutMs: 10_000 }), cache);
    }),
    make(Destinations, [Messaging, ClipQueries], (messaging: Messaging, queries: ClipQueries) => {
      const list = async () =>
        (await messaging.call('pacs-gateway.list-destinations', {}, { timeoutMs: 3000 })).destinations;
      return new Destinations({ list, counts: () => queries.deliveryCounts() });
    }),
    make(
      Stations,
      [StationStore, ProcedureQueries, ClipStore, Messaging],
      (directory: StationStore, procedures: ProcedureQueries, clips: ClipStore, messaging: Messaging) =>
        new Stations(directory, {
          active: () => procedures.active(),
          recording: (stationId) => clips.openRecording(stationId),
          window: (stationId, procedureId) => {
            const request = { stationId, ...(procedureId === undefined ? {} : { procedureId }) };
            return messaging.call('buffer.get-window', request, { timeoutMs: 800 });
          },
        }),
    ),
    make(
      Feed,
      [ClipQueries, ProcedureQueries, Stations],
      (clips: ClipQueries, procedures: ProcedureQueries, rooms: Stations) =>
        new Feed(
          {
            clip: (id) => clips.find(id),
            procedure: (id) => procedures.find(id),
            marker: (id) => clips.marker(id),
            stations: () => rooms.all(),
            station: (id) => rooms.find(id),
            changedSince: (sequence) => clips.changedSince(sequence),
          },
          log,
        ),
    ),
    make(
      Projector,
      [Messaging, ProjectionStore, Feed],
      (messaging: Messaging, store: ProjectionStore, feed: Feed) =>
        new Projector(messaging, store, log, (changes) => feed.changed(changes)),
    ),
    make(Relay, [OutboxStore, NatsPublisher], (outbox: OutboxStore, publisher: NatsPublisher) => {
      return new Relay(outbox, publisher, log);
    }),
    make(
      Lifecycle,
      [
        Database,
        Messaging,
        StationStore,
        Stations,
        ProcedureStore,
        OutboxStore,
        NatsPublisher,
        Relay,
        Projector,
        Feed,
        HttpAdapterHost,
      ],
      (
        database: Database,
        messaging: Messaging,
        stationStore: StationStore,
        rooms: Stations,
        procedures: ProcedureStore,
        outbox: OutboxStore,
        publisher: NatsPublisher,
        relay: Relay,
        projector: Projector,
        feed: Feed,
        http: HttpAdapterHost,
      ) =>
        new Lifecycle({
          database,
          messaging,
          stationStore,
          stations: rooms,
          procedures,
          outbox,
          publisher,
          relay,
          projector,
          feed,
          http,
        }),
    ),
  ];
}

/** What every instance of the application needs before it listens. */
export async function configure(app: NestFastifyApplication, config: Config): Promise<void> {
  const { allowedHosts, dashboardDir, streamingUrl } = config;
  const guard = guardRequests({ allowedHosts, streamingOrigin: new URL(streamingUrl).origin });
  app.getHttpAdapter().getInstance().addHook('onRequest', guard);
  await app.register(fastifyStatic, { root: dashboardDir, serve: false });
  app.useGlobalFilters(new ProblemFilter(createLogger('catalog')));
  app.useGlobalInterceptors(new TraceInterceptor());
  await connectMessaging(app);
}
