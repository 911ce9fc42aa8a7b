import { Module } from '@nestjs/common';
import { Messaging, MessagingModule } from '@smartbox/messaging';
import { ObjectStore, parseS3Url } from '@smartbox/storage';
import { createLogger, gauge, health, HealthModule } from '@smartbox/telemetry';
import { CommitmentDesk } from './application/commitment-desk.ts';
import { DeliverInstance } from './application/deliver-instance.ts';
import type { Destinations } from './application/destination.ts';
import { ProcedureSteps } from './application/procedure-steps.ts';
import { RefuseUnknown } from './application/refuse-unknown.ts';
import { Resend } from './application/resend.ts';
import { config } from './config.ts';
import { CertificateWatch } from './inbound/certificate.watch.ts';
import { ConfigurationService } from './inbound/configuration.service.ts';
import { CommitmentService } from './inbound/commitment.service.ts';
import { InstanceConsumers } from './inbound/instance.consumers.ts';
import { PacsGatewayController } from './inbound/pacs-gateway.controller.ts';
import { ProcedureService } from './inbound/procedure.service.ts';
import { EventAnnouncements } from './outbound/announcements.ts';
import { DestinationBook } from './outbound/destination-book.ts';
import { DicomInformationSystem } from './outbound/dicom-information-system.ts';
import { DicomWorklist } from './outbound/dicom-worklist.ts';
import { KvCommitments } from './outbound/kv-commitments.ts';
import { KvNegotiations } from './outbound/kv-negotiations.ts';
import { KvRecords } from './outbound/kv-records.ts';
import { KvSteps } from './outbound/kv-steps.ts';
import { EventProcedureFacts } from './outbound/procedure-facts.ts';
import { StepEvents } from './outbound/step-announcements.ts';
import { S3Objects } from './outbound/s3-objects.ts';
import { DESTINATIONS, WORKLIST } from './tokens.ts';

const log = createLogger('pacs-gateway');

async function objectStore(): Promise<ObjectStore> {
  const store = new ObjectStore(parseS3Url(config.s3.url, config.s3.credentials));
  await store.ensureBucket();
  health.add('object-store', () => store.ping());
  return store;
}

function destinationBook(store: ObjectStore, negotiations: KvNegotiations): DestinationBook {
  const book = new DestinationBook(config.configDir, new S3Objects(store), (name, negotiated) =>
    negotiations.keep(name, negotiated),
  );
  book.apply(config.destinations);
  gauge('smartbox_destination_parked', '1 while a destination is away', ['destination'], (set) => {
    for (const { name, gate } of book.all.values()) set(gate.parked ? 1 : 0, { destination: name });
  });
  return book;
}

function commitmentDesk(
  known: Destinations,
  store: KvCommitments,
  records: KvRecords,
  announce: EventAnnouncements,
): CommitmentDesk {
  const onError = (err: Error): void => log.error({ err }, 'commitments have to wait');
  const desk = new CommitmentDesk(known, store, records, announce, onError);
  gauge('smartbox_commitments_open', 'Instances that wait for a commitment', ['destination'], (set) => {
    for (const { name } of known.values()) set(desk.openOf(name), { destination: name });
  });
  return desk;
}

async function procedureService(nats: Messaging): Promise<ProcedureService> {
  const mpps = config.worklist?.mpps;
  if (!mpps) return new ProcedureService(nats, undefined);
  const store = await KvSteps.open(nats);
  const ris = new DicomInformationSystem(mpps, config.configDir);
  const steps = new ProcedureSteps(ris, store, new EventProcedureFacts(nats), new StepEvents(nats), (err) =>
    log.error({ err }, 'a procedure step has to wait'),
  );
  return new ProcedureService(nats, { steps, store });
}

@Module({
  imports: [MessagingModule.forRoot({ service: 'pacs-gateway', ...config.nats }), HealthModule.forRoot()],
  controllers: [PacsGatewayController],
  providers: [
    { provide: ObjectStore, useFactory: objectStore },
    { provide: KvNegotiations, inject: [Messaging], useFactory: (nats: Messaging) => KvNegotiations.open(nats) },
    { provide: DestinationBook, inject: [ObjectStore, KvNegotiations], useFactory: destinationBook },
    { provide: DESTINATIONS, inject: [DestinationBook], useFactory: (book: DestinationBook) => book.all },
    { provide: WORKLIST, useFactory: () => new DicomWorklist(config.worklist, config.configDir) },
    { provide: KvRecords, inject: [Messaging], useFactory: (nats: Messaging) => KvRecords.open(nats) },
    { provide: EventAnnouncements, inject: [Messaging], useFactory: (nats: Messaging) => new EventAnnouncements(nats) },
    {
      provide: DeliverInstance,
      inject: [ObjectStore, KvRecords, EventAnnouncements, CommitmentDesk],
      useFactory: (store: ObjectStore, records: KvRecords, announce: EventAnnouncements, desk: CommitmentDesk) =>
        new DeliverInstance(new S3Objects(store), records, announce, desk),
    },
    { provide: KvCommitments, inject: [Messaging], useFactory: (nats: Messaging) => KvCommitments.open(nats) },
    {
      provide: CommitmentDesk,
      inject: [DESTINATIONS, KvCommitments, KvRecords, EventAnnouncements],
      useFactory: commitmentDesk,
    },
    {
      provide: CommitmentService,
      inject: [CommitmentDesk, KvCommitments, DESTINATIONS, Resend],
      useFactory: (desk: CommitmentDesk, store: KvCommitments, known: Destinations, resend: Resend) =>
        new CommitmentService(config, desk, store, known, resend),
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
    { provide: ProcedureService, inject: [Messaging], useFactory: procedureService },
    InstanceConsumers,
    {
      provide: ConfigurationService,
      inject: [DestinationBook, WORKLIST, InstanceConsumers],
      useFactory: (book: DestinationBook, worklist: DicomWorklist, consumers: InstanceConsumers) =>
        new ConfigurationService(config, book, worklist, consumers),
    },
    {
      provide: CertificateWatch,
      inject: [Messaging, ConfigurationService],
      useFactory: (nats: Messaging, configuration: ConfigurationService) =>
        new CertificateWatch(nats, configuration, config.configDir),
    },
  ],
})
export class AppModule {}
