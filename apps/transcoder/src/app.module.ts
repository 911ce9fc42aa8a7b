import { Module } from '@nestjs/common';
import { Messaging, MessagingModule } from '@smartbox/messaging';
import { ObjectStore, parseS3Url } from '@smartbox/storage';
import { health, HealthModule } from '@smartbox/telemetry';
import { MakeRendition } from './application/make-rendition.ts';
import { WorkOff } from './application/work-off.ts';
import { config } from './config.ts';
import { SavedConsumer } from './inbound/saved.consumer.ts';
import { EventAnnouncements } from './outbound/announcements.ts';
import { ChildMedia } from './outbound/child-media.ts';
import { KvCancellations } from './outbound/kv-cancellations.ts';
import { S3Objects } from './outbound/s3-objects.ts';

async function objectStore(): Promise<ObjectStore> {
  const store = new ObjectStore(parseS3Url(config.s3.url, config.s3.credentials));
  await store.ensureBucket();
  health.add('object-store', () => store.ping());
  return store;
}

@Module({
  imports: [MessagingModule.forRoot({ service: 'transcoder', ...config.nats }), HealthModule.forRoot()],
  controllers: [SavedConsumer],
  providers: [
    { provide: ObjectStore, useFactory: objectStore },
    { provide: KvCancellations, inject: [Messaging], useFactory: (nats: Messaging) => KvCancellations.open(nats) },
    {
      provide: MakeRendition,
      inject: [ObjectStore, Messaging],
      useFactory: (store: ObjectStore, nats: Messaging) =>
        new MakeRendition(new S3Objects(store), new ChildMedia(), new EventAnnouncements(nats), config.scratch),
    },
    {
      provide: WorkOff,
      inject: [MakeRendition, KvCancellations],
      useFactory: (make: MakeRendition, cancellations: KvCancellations) => new WorkOff(make, cancellations),
    },
  ],
})
export class AppModule {}
