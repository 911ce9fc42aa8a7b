import { Inject, Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Messaging, MessagingModule } from '@smartbox/messaging';
import { ObjectStore, parseS3Url } from '@smartbox/storage';
import { createLogger, gauge, health, HealthModule } from '@smartbox/telemetry';
import { DeliverInstance } from './application/deliver-instance.ts';
import { Destination, type Destinations } from './application/destination.ts';
import { RefuseUnknown } from './application/refuse-unknown.ts';
import { Resend } from './application/resend.ts';
import { config } from './config.ts';
import { InstanceConsumers } from './inbound/instance.consumers.ts';
import { PacsGatewayController } from './inbound/pacs-gateway.controller.ts';
import { EventAnnouncements } from './outbound/announcements.ts';
import { DicomArchive } from './outbound/dicom-archive.ts';
import { DicomWorklist } from './outbound/dicom-worklist.ts';
import { KvRecords } from './outbound/kv-records.ts';
import { S3Objects } from './outbound/s3-objects.ts';
import { DESTINATIONS, WORKLIST } from './tokens.ts';

const log = createLogger('pacs-gateway');

async function objectStore(): Promise<ObjectStore> {
  const store = new ObjectStore(parseS3Url(config.s3.url, config.s3.credentials));
  await store.ensureBucket();
  health.add('object-store', () => store.ping());
  return store;
}

function destinations(): Destinations {
  const all = config.destinations.map((each) => new Destination(each, new DicomArchive(each, config.configDir)));
  gauge('smartbox_destination_parked', '1 while a destination is away', ['destination'], (set) => {
    for (const { name, gate } of all) set(gate.parked ? 1 : 0, { destination: name });
  });
  return new Map(all.map((each) => [each.name, each]));
}

/** Says goodbye to the archives. */
@Injectable()
class Archives implements OnApplicationShutdown {
  readonly #destinations: Destinations;
  constructor(@Inject(DESTINATIONS) known: Destinations) {
    this.#destinations = known;
  }
  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.#destinations.values()].map(({ archive }) => archive.close()));
  }
}

@Module({
  imports: [MessagingModule.forRoot({ service: 'pacs-gateway', ...config.nats }), HealthModule.forRoot()],
  controllers: [PacsGatewayController],
  providers: [
    { provide: ObjectStore, useFactory: objectStore },
    { provide: DESTINATIONS, useFactory: destinations },
    { provide: WORKLIST, useFactory: () => new DicomWorklist(config.worklist) },
    { provide: KvRecords, inject: [Messaging], useFactory: (nats: Messaging) => KvRecords.open(nats) },
    { provide: EventAnnouncements, inject: [Messaging], useFactory: (nats: Messaging) => new EventAnnouncements(nats) },
    {
      provide: DeliverInstance,
      inject: [ObjectStore, KvRecords, EventAnnouncements],
      useFactory: (store: ObjectStore, records: KvRecords, announce: EventAnnouncements) =>
        new DeliverInstance(new S3Objects(store), records, announce),
    },
    {
      provide: RefuseUnknown,
      inject: [DESTINATIONS, KvRecords, EventAnnouncements],
      useFactory: (known: Destinations, records: KvRecords, announce: EventAnnouncements) =>
        new RefuseUnknown(known, records, announce),
    },
    {
      provide: Resend,
      inject: [DeliverInstance, DESTINATIONS, KvRecords],
      useFactory: (deliver: DeliverInstance, known: Destinations, records: KvRecords) =>
        new Resend(deliver, known, records, (err) => log.error({ err }, 'a delivery asked for again has to wait')),
    },
    Archives,
    InstanceConsumers,
  ],
})
export class AppModule {}
