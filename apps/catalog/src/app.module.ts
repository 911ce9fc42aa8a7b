import fastifyStatic from '@fastify/static';
import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Recipe, StationConfig } from '@smartbox/contracts';
import { systemClock } from '@smartbox/kernel';
import { connectMessaging, Messaging, MessagingModule } from '@smartbox/messaging';
import { ObjectStore, parseS3Url } from '@smartbox/storage';
import { createLogger, HealthModule } from '@smartbox/telemetry';
import { accessProviders, auditSource, checkDoor } from './app.access.ts';
import { Doorkeeper } from './application/access/doorkeeper.ts';
import { SetUpCode } from './application/access/sign-in.ts';
import { AuditSender } from './application/audit-sender.ts';
import { Clips } from './application/clips.ts';
import { Conversations } from './application/conversations.ts';
import { Destinations } from './application/destinations.ts';
import { Feed } from './application/feed.ts';
import { Films } from './application/films.ts';
import { GivenUp } from './application/given-up.ts';
import { Housekeeping } from './application/housekeeping.ts';
import { Imports } from './application/imports.ts';
import { Procedures } from './application/procedures.ts';
import { ReassignClip } from './application/reassign-clip.ts';
import { Projector } from './application/projector.ts';
import { Relay } from './application/relay.ts';
import { Retention } from './application/retention/retention.ts';
import { Sweeper } from './application/retention/sweeper.ts';
import { SendExports } from './application/send-exports.ts';
import { Stations } from './application/stations.ts';
import { Webhooks } from './application/webhooks.ts';
import { Worklist } from './application/worklist.ts';
import { controllers } from './app.controllers.ts';
import type { Config } from './config.ts';
import { AccessGuard } from './inbound/http/access/access.guard.ts';
import { identifyRequests, Recognition } from './inbound/http/access/identify.ts';
import { PatientInterceptor } from './inbound/http/access/patient.interceptor.ts';
import { leaveRecordsUnread } from './inbound/http/imports.controller.ts';
import { ProblemFilter } from './inbound/http/problem.filter.ts';
import { guardRequests } from './inbound/http/security.ts';
import { WebhookConsumers } from './inbound/webhook.consumers.ts';
import { Lifecycle } from './lifecycle.ts';
import { make } from './make-provider.ts';
import { TokenStore } from './outbound/access/device-store.ts';
import { AlarmStore } from './outbound/alarm-store.ts';
import { AuditQueries } from './outbound/audit-queries.ts';
import { AuditStore } from './outbound/audit-store.ts';
import { ClipQueries } from './outbound/clip-queries.ts';
import { ClipStore } from './outbound/clip-store.ts';
import { Database } from './outbound/database.ts';
import { FilmStore } from './outbound/film-store.ts';
import { ImportStore } from './outbound/import-store.ts';
import { InstanceSearch } from './outbound/dicomweb/instance-search.ts';
import { ObjectReader } from './outbound/dicomweb/object-reader.ts';
import { NatsPublisher } from './outbound/nats-publisher.ts';
import { OutboxStore } from './outbound/outbox-store.ts';
import { ProcedureQueries } from './outbound/procedure-queries.ts';
import { ProcedureStore } from './outbound/procedure-store.ts';
import { ProjectionStore } from './outbound/projection-store.ts';
import { ReassignmentStore } from './outbound/reassignment-store.ts';
import { StationStore } from './outbound/station-store.ts';
import { StreamingInstances } from './outbound/streaming-instances.ts';
import { readRetention, readWebhooks } from './outbound/config-files.ts';
import { ConfigFiles } from './outbound/config-watch.ts';
import { HoldStore } from './outbound/retention/hold-store.ts';
import { RetentionStore } from './outbound/retention/retention-store.ts';
import { post } from './outbound/webhook-sender.ts';
import { StoredUploads } from './outbound/uploads.ts';
import { WebhookStore } from './outbound/webhook-store.ts';
import { WorklistStore } from './outbound/worklist-store.ts';
import { SETTINGS } from './settings.ts';

export interface Given {
  config: Config;
  recipes: readonly Recipe[];
  stations: readonly StationConfig[];
}

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
  const { publicUrl, sessionLimits, auditRetentionDays, toolsTokenHash } = config;
  const settings = {
    ...{ version, streamingUrl, liveTokenSecret, dashboardDir, locale, timeZone, recipes },
    ...{ publicUrl, sessionLimits, auditRetentionDays },
    auditSource: auditSource(config),
  };
  return [
    { provide: SETTINGS, useValue: settings },
    { provide: ConfigFiles, useValue: new ConfigFiles(config.configDir) },
    ...accessProviders(config),
    make(Database, [], () => new Database(config.databaseUrl)),
    make(StationStore, [Database], (db: Database) => new StationStore(db, stations)),
    make(OutboxStore, [Database], (db: Database) => new OutboxStore(db)),
    make(ClipStore, [Database, OutboxStore], (db: Database, outbox: OutboxStore) => new ClipStore(db, outbox)),
    make(
      ProcedureStore,
      [Database, OutboxStore],
      (db: Database, outbox: OutboxStore) => new ProcedureStore(db, outbox),
    ),
    make(FilmStore, [Database, OutboxStore], (db: Database, outbox: OutboxStore) => new FilmStore(db, outbox)),
    make(Films, [FilmStore, Feed], (store: FilmStore, feed: Feed) => new Films(store, feed, systemClock)),
    make(SendExports, [FilmStore, Feed], (store: FilmStore, feed: Feed) => new SendExports(store, feed, systemClock)),
    make(WorklistStore, [Database], (db: Database) => new WorklistStore(db)),
    make(ProjectionStore, [Database], (db: Database) => new ProjectionStore(db)),
    make(AlarmStore, [Database], (db: Database) => new AlarmStore(db)),
    make(AuditQueries, [Database], (db: Database) => new AuditQueries(db)),
    make(ClipQueries, [Database], (db: Database) => new ClipQueries(db)),
    make(ProcedureQueries, [Database, StationStore], (db: Database, s: StationStore) => new ProcedureQueries(db, s)),
    make(NatsPublisher, [Messaging], (messaging: Messaging) => NatsPublisher.open(messaging)),
    make(StreamingInstances, [Messaging], (messaging: Messaging) =>
      StreamingInstances.open(messaging, config.streamingUrl),
    ),
    make(ObjectStore, [], () => new ObjectStore(parseS3Url(config.s3.url, config.s3.credentials))),
    make(GivenUp, [Messaging, AuditStore], ({ letters }: Messaging, audit: AuditStore) => {
      return new GivenUp(letters, audit, systemClock);
    }),
    make(WebhookStore, [Database], (db: Database) => new WebhookStore(db)),
    make(Webhooks, [WebhookStore], async (store: WebhookStore) => {
      return new Webhooks(await readWebhooks(config.configDir), store, post);
    }),
    WebhookConsumers,
    make(HoldStore, [Database], (db: Database) => new HoldStore(db)),
    make(
      RetentionStore,
      [Database, OutboxStore],
      (db: Database, outbox: OutboxStore) => new RetentionStore(db, outbox, timeZone),
    ),
    make(
      Sweeper,
      [RetentionStore, ObjectStore, Feed],
      async (store: RetentionStore, objects: ObjectStore, changed: Feed) => {
        const file = await readRetention(config.configDir);
        return new Sweeper({ file, store, objects, changed, clock: systemClock, log });
      },
    ),
    make(Retention, [RetentionStore, Sweeper], (store: RetentionStore, sweeper: Sweeper) => {
      return new Retention(store, sweeper, timeZone, systemClock);
    }),
    make(InstanceSearch, [Database], (db: Database) => new InstanceSearch(db, timeZone)),
    make(ObjectReader, [ObjectStore], (store: ObjectStore) => new ObjectReader(store)),
    make(
      Procedures,
      [ProcedureStore, ClipStore, StationStore],
      (store: ProcedureStore, clips: ClipStore, directory: StationStore) =>
        new Procedures(store, clips, directory, recipes, { timeZone, institution }, systemClock),
    ),
    make(
      Conversations,
      [ProcedureStore, StationStore, Feed],
      (procedures: ProcedureStore, directory: StationStore, feed: Feed) =>
        new Conversations(procedures, directory, feed, systemClock),
    ),
    make(
      Clips,
      [ClipStore, ProcedureStore, StationStore, Feed],
      (clips: ClipStore, procedures: ProcedureStore, directory: StationStore, feed: Feed) =>
        new Clips(clips, procedures, directory, feed, systemClock),
    ),
    make(ImportStore, [Database, OutboxStore], (db: Database, outbox: OutboxStore) => new ImportStore(db, outbox)),
    make(
      Imports,
      [ImportStore, ObjectStore, ClipStore, StationStore, Feed],
      (store: ImportStore, objects: ObjectStore, clips: ClipStore, directory: StationStore, feed: Feed) =>
        new Imports(
          store,
          new StoredUploads(objects),
          clips,
          { stations: directory, recipes, timeZone },
          feed,
          systemClock,
        ),
    ),
    make(
      ReassignmentStore,
      [Database, OutboxStore],
      (db: Database, outbox: OutboxStore) => new ReassignmentStore(db, outbox),
    ),
    make(
      ReassignClip,
      [ReassignmentStore, ProcedureStore, Feed],
      (store: ReassignmentStore, procedures: ProcedureStore, feed: Feed) =>
        new ReassignClip(store, procedures, feed, systemClock),
    ),
    make(Worklist, [Messaging, WorklistStore], (messaging: Messaging, cache: WorklistStore) => {
      return new Worklist((query) => messaging.call('pacs-gateway.find-worklist', query, { timeoutMs: 10_000 }), cache);
    }),
    make(Destinations, [Messaging, ClipQueries], (messaging: Messaging, queries: ClipQueries) => {
      const list = async () =>
        (await messaging.call('pacs-gateway.list-destinations', {}, { timeoutMs: 3000 })).destinations;
      return new Destinations({ list, counts: (reach) => queries.deliveryCounts(reach) });
    }),
    make(
      Stations,
      [StationStore, ProcedureQueries, ClipStore, Messaging],
      (directory: StationStore, procedures: ProcedureQueries, clips: ClipStore, messaging: Messaging) =>
        new Stations(directory, {
          active: () => procedures.active(),
          knock: (stationId, sourceId) => {
            const request = { stationId, sources: [sourceId] };
            return messaging.call('capture-edge.idr', request, { station: stationId, timeoutMs: 2000 });
          },
          // the station gives a driver ten seconds
          devices: (stationId) =>
            messaging.call('capture-edge.list-devices', { stationId }, { station: stationId, timeoutMs: 12_000 }),
          devicePicture: (stationId, wish) => {
            const request = { ...wish, stationId };
            return messaging.call('capture-edge.take-device-picture', request, {
              station: stationId,
              timeoutMs: 12_000,
            });
          },
          recording: (stationId) => clips.openRecording(stationId),
          window: (stationId, procedureId) => {
            const request = { stationId, ...(procedureId === undefined ? {} : { procedureId }) };
            return messaging.call('buffer.get-window', request, { timeoutMs: 800 });
          },
        }),
    ),
    make(
      Feed,
      [ClipQueries, ProcedureQueries, Stations, FilmStore],
      (clips: ClipQueries, procedures: ProcedureQueries, rooms: Stations, films: FilmStore) =>
        new Feed(
          {
            clip: (id) => clips.find(id),
            clipsOf: (id) => clips.ofProcedure(id),
            procedure: (id) => procedures.find(id),
            stationOf: (id) => clips.stationOf(id),
            marker: (id) => clips.marker(id),
            film: (id) => films.message(id),
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
        Sweeper,
        Retention,
        HttpAdapterHost,
        StreamingInstances,
        AuditStore,
        AuditSender,
        Housekeeping,
        TokenStore,
        Doorkeeper,
        SetUpCode,
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
        sweeper: Sweeper,
        retention: Retention,
        http: HttpAdapterHost,
        streaming: StreamingInstances,
        audit: AuditStore,
        auditSender: AuditSender,
        housekeeping: Housekeeping,
        tokens: TokenStore,
        door: Doorkeeper,
        setUpCode: SetUpCode,
      ) =>
        new Lifecycle(
          {
            ...{ database, messaging, stationStore, stations: rooms, procedures, outbox, publisher, relay },
            ...{ projector, feed, sweeper, retention, http, streaming, audit, auditSender, housekeeping },
            ...{ tokens, door, setUpCode },
          },
          { version, publicUrl, toolsTokenHash },
        ),
    ),
  ];
}

/** What every instance of the application needs before it listens. */
export async function configure(app: NestFastifyApplication, config: Config): Promise<void> {
  const { allowedHosts, dashboardDir } = config;
  await checkDoor(app.get(Doorkeeper), config);
  const streaming = app.get(StreamingInstances);
  const guard = guardRequests({ allowedHosts, streamingOrigins: () => streaming.origins() });
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('onRequest', guard);
  identifyRequests(fastify, app.get(Recognition));
  app.useGlobalGuards(app.get(AccessGuard));
  app.useGlobalInterceptors(app.get(PatientInterceptor));
  leaveRecordsUnread(app);
  await app.register(fastifyStatic, { root: dashboardDir, serve: false });
  app.useGlobalFilters(new ProblemFilter(createLogger('catalog')));
  await connectMessaging(app);
}
