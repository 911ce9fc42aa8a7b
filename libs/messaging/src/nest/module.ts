import {
  Inject,
  Injectable,
  Module,
  type DynamicModule,
  type INestApplication,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { Messaging, type MessagingOptions } from '../messaging.ts';
import { JetStreamStrategy, type StrategyOptions } from './strategy.ts';

export type MessagingModuleOptions = MessagingOptions & StrategyOptions;

@Injectable()
class MessagingLifetime implements OnApplicationShutdown {
  readonly #messaging: Messaging;
  constructor(@Inject(Messaging) messaging: Messaging) {
    this.#messaging = messaging;
  }
  async onApplicationShutdown(): Promise<void> {
    await this.#messaging.close();
  }
}

/** Provides `Messaging` to the whole application; connected before any provider that asks for it is made. */
@Module({})
export class MessagingModule {
  static forRoot(options: MessagingModuleOptions): DynamicModule {
    return {
      module: MessagingModule,
      global: true,
      providers: [
        { provide: Messaging, useFactory: () => Messaging.connect(options) },
        {
          provide: JetStreamStrategy,
          inject: [Messaging],
          useFactory: (messaging: Messaging) => new JetStreamStrategy(messaging, options),
        },
        MessagingLifetime,
      ],
      exports: [Messaging, JetStreamStrategy],
    };
  }
}

/**
 * Starts the consumers and request handlers of an application: pass it to `bootstrap` as `configure`.
 * Boot fails on a duplicate or missing handler.
 */
export async function connectMessaging(app: INestApplication): Promise<void> {
  app.connectMicroservice({ strategy: app.get(JetStreamStrategy) }, { inheritAppConfig: false });
  // Nothing is consumed before every provider is ready.
  await app.init();
  await app.startAllMicroservices();
}
