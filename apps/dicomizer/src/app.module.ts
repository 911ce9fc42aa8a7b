import { Module, type DynamicModule } from '@nestjs/common';
import { Messaging, MessagingModule } from '@smartbox/messaging';
import { ObjectStore } from '@smartbox/storage';
import { health, HealthModule } from '@smartbox/telemetry';
import { CreateInstance } from './application/create-instance.ts';
import { RemakeProcedure } from './application/remake-procedure.ts';
import type { Announcements } from './application/ports.ts';
import type { Config } from './config.ts';
import { CorrectionsConsumer } from './inbound/corrections.consumer.ts';
import { RenditionsConsumer } from './inbound/renditions.consumer.ts';
import { CatalogSnapshots } from './outbound/catalog-snapshots.ts';
import { EventPast } from './outbound/event-past.ts';
import { GatewayReceivers } from './outbound/gateway-receivers.ts';
import { GatewaySteps } from './outbound/gateway-steps.ts';
import { NatsAnnouncements } from './outbound/nats-announcements.ts';
import { S3Objects } from './outbound/s3-objects.ts';
import { ANNOUNCEMENTS } from './tokens.ts';

/** The only place where ports meet adapters. */
@Module({})
export class AppModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: AppModule,
      imports: [MessagingModule.forRoot({ service: 'dicomizer', ...config.nats }), HealthModule.forRoot()],
      controllers: [RenditionsConsumer, CorrectionsConsumer],
      providers: [
        { provide: ObjectStore, useFactory: () => openStore(config) },
        {
          provide: ANNOUNCEMENTS,
          inject: [Messaging],
          useFactory: (messaging: Messaging) => new NatsAnnouncements(messaging),
        },
        {
          provide: CreateInstance,
          inject: [Messaging, ObjectStore, ANNOUNCEMENTS],
          useFactory: (messaging: Messaging, store: ObjectStore, announcements: Announcements) =>
            new CreateInstance(
              new CatalogSnapshots(messaging),
              new GatewaySteps(messaging),
              new S3Objects(store),
              announcements,
              config.version,
              config.deidentifyKey,
            ),
        },
        {
          provide: RemakeProcedure,
          inject: [CreateInstance, Messaging, ObjectStore, ANNOUNCEMENTS],
          useFactory: (create: CreateInstance, nats: Messaging, store: ObjectStore, announcements: Announcements) =>
            new RemakeProcedure(
              create,
              new EventPast(nats),
              new GatewayReceivers(nats),
              new CatalogSnapshots(nats),
              new S3Objects(store),
              announcements,
              config.version,
            ),
        },
      ],
    };
  }
}

async function openStore(config: Config): Promise<ObjectStore> {
  const store = new ObjectStore(config.s3);
  await store.ensureBucket();
  health.add('s3', () => store.ping());
  return store;
}
