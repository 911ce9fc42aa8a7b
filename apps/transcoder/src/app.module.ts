import { Module } from '@nestjs/common';
import { Messaging, MessagingModule } from '@smartbox/messaging';
import { ObjectStore, parseS3Url } from '@smartbox/storage';
import { health, HealthModule } from '@smartbox/telemetry';
import { ArchiveExports } from './application/archive-export.ts';
import { CodeAnew } from './application/code-anew.ts';
import { CopyToTarget } from './application/copy-export.ts';
import { FilmWork } from './application/film-work.ts';
import { MakeEdit } from './application/make-edit.ts';
import { MakeExport } from './application/make-export.ts';
import { MakeFallback } from './application/make-fallback.ts';
import { MakeImport } from './application/make-import.ts';
import { MeasurePacs } from './application/measure-pacs.ts';
import { MakeRendition } from './application/make-rendition.ts';
import { Preview } from './application/preview.ts';
import { TakeFrame } from './application/take-frame.ts';
import { WorkOff } from './application/work-off.ts';
import { config } from './config.ts';
import { FallbackConsumer } from './inbound/fallback.consumer.ts';
import { FilmConsumer } from './inbound/film.consumer.ts';
import { ImportConsumer } from './inbound/import.consumer.ts';
import { PreviewRpc } from './inbound/preview.rpc.ts';
import { QualityConsumer } from './inbound/quality.consumer.ts';
import { SavedConsumer } from './inbound/saved.consumer.ts';
import { EventAnnouncements } from './outbound/announcements.ts';
import { ChildFilms } from './outbound/child-films.ts';
import { ChildMedia } from './outbound/child-media.ts';
import { ChildSyntaxes } from './outbound/child-syntaxes.ts';
import { EventFallbackAnnouncements } from './outbound/fallback-announcements.ts';
import { EventFilmAnnouncements } from './outbound/film-announcements.ts';
import { EventImportAnnouncements } from './outbound/import-announcements.ts';
import { KvCancellations } from './outbound/kv-cancellations.ts';
import { clearLeftovers } from './outbound/leftovers.ts';
import { LoadGate } from './outbound/load-gate.ts';
import { S3Objects } from './outbound/s3-objects.ts';
import { TargetFolders } from './outbound/target-folders.ts';

async function objectStore(): Promise<ObjectStore> {
  const store = new ObjectStore(parseS3Url(config.s3.url, config.s3.credentials));
  await store.ensureBucket();
  health.add('object-store', () => store.ping());
  return store;
}

@Module({
  imports: [MessagingModule.forRoot({ service: 'transcoder', ...config.nats }), HealthModule.forRoot()],
  controllers: [SavedConsumer, FilmConsumer, PreviewRpc, QualityConsumer, FallbackConsumer, ImportConsumer],
  providers: [
    { provide: ObjectStore, useFactory: objectStore },
    {
      provide: LoadGate,
      useFactory: async () => {
        await clearLeftovers(config.scratch);
        return new LoadGate(config.processes);
      },
    },
    {
      provide: ArchiveExports,
      inject: [ObjectStore, Messaging, LoadGate],
      useFactory: (store: ObjectStore, nats: Messaging, gate: LoadGate) => {
        const announce = new EventFilmAnnouncements(nats);
        return new ArchiveExports(
          new S3Objects(store),
          new ChildSyntaxes(gate, config.hevcEncoder),
          announce,
          config.scratch,
        );
      },
    },
    { provide: TargetFolders, useFactory: () => new TargetFolders(config.configDir) },
    {
      provide: FilmWork,
      inject: [ObjectStore, Messaging, LoadGate, KvCancellations, ArchiveExports, TargetFolders],
      useFactory: (
        store: ObjectStore,
        nats: Messaging,
        gate: LoadGate,
        cancellations: KvCancellations,
        archive: ArchiveExports,
        targets: TargetFolders,
      ) => {
        const objects = new S3Objects(store);
        const films = new ChildFilms(gate);
        const announce = new EventFilmAnnouncements(nats);
        const media = new ChildMedia(gate, config.hevcEncoder);
        const edits = new MakeEdit(objects, films, media, announce, config.scratch);
        const exports = new MakeExport(objects, films, media, announce, archive, config.scratch);
        const copies = new CopyToTarget(objects, targets, announce);
        return new FilmWork({ edits, exports, copies }, cancellations, announce);
      },
    },
    {
      provide: MeasurePacs,
      inject: [ObjectStore, Messaging, LoadGate],
      useFactory: (store: ObjectStore, nats: Messaging, gate: LoadGate) => {
        const announce = new EventFilmAnnouncements(nats);
        const [films, media] = [new ChildFilms(gate), new ChildMedia(gate, config.hevcEncoder)];
        return new MeasurePacs(new S3Objects(store), films, media, announce, config.scratch);
      },
    },
    {
      provide: Preview,
      inject: [ObjectStore, LoadGate],
      useFactory: (store: ObjectStore, gate: LoadGate) => new Preview(new S3Objects(store), new ChildFilms(gate)),
    },
    {
      provide: TakeFrame,
      inject: [ObjectStore, LoadGate],
      useFactory: (store: ObjectStore, gate: LoadGate) => new TakeFrame(new S3Objects(store), new ChildFilms(gate)),
    },
    { provide: KvCancellations, inject: [Messaging], useFactory: (nats: Messaging) => KvCancellations.open(nats) },
    {
      provide: MakeRendition,
      inject: [ObjectStore, Messaging, LoadGate],
      useFactory: (store: ObjectStore, nats: Messaging, gate: LoadGate) => {
        const objects = new S3Objects(store);
        const codeAnew = new CodeAnew(objects, new ChildSyntaxes(gate, config.hevcEncoder), config.scratch);
        return new MakeRendition(
          objects,
          new ChildMedia(gate, config.hevcEncoder),
          new EventAnnouncements(nats),
          codeAnew,
        );
      },
    },
    {
      provide: MakeFallback,
      inject: [ObjectStore, Messaging, LoadGate, KvCancellations],
      useFactory: (store: ObjectStore, nats: Messaging, gate: LoadGate, cancellations: KvCancellations) => {
        const announce = new EventFallbackAnnouncements(nats);
        return new MakeFallback(
          new S3Objects(store),
          new ChildSyntaxes(gate, config.hevcEncoder),
          announce,
          cancellations,
          config.scratch,
        );
      },
    },
    {
      provide: MakeImport,
      inject: [ObjectStore, Messaging, LoadGate],
      useFactory: (store: ObjectStore, nats: Messaging, gate: LoadGate) => {
        const [films, media] = [new ChildFilms(gate), new ChildMedia(gate, config.hevcEncoder)];
        return new MakeImport(new S3Objects(store), films, media, new EventImportAnnouncements(nats), config.scratch);
      },
    },
    {
      provide: WorkOff,
      inject: [MakeRendition, KvCancellations],
      useFactory: (make: MakeRendition, cancellations: KvCancellations) => new WorkOff(make, cancellations),
    },
  ],
})
export class AppModule {}
