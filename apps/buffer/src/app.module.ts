import {
  Inject,
  Injectable,
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { isImportUpload, ringStream } from '@smartbox/contracts';
import { Messaging, MessagingModule } from '@smartbox/messaging';
import { ObjectStore, parseS3Url } from '@smartbox/storage';
import { createLogger, health, HealthModule } from '@smartbox/telemetry';
import { CaptureStillUseCase } from './application/capture-still.ts';
import { ClipKeeper } from './application/clip-keeper.ts';
import { Failures } from './application/failures.ts';
import type { Events } from './application/ports.ts';
import { Recordings } from './application/recordings.ts';
import { RingWindowUseCase } from './application/ring-window.ts';
import { SaveClipUseCase } from './application/save-clip.ts';
import { SetMarkerUseCase } from './application/set-marker.ts';
import { SourceWriter } from './application/source-writer.ts';
import type { Config } from './config.ts';
import { BufferConsumer } from './inbound/buffer.consumer.ts';
import { BufferRpc } from './inbound/buffer.rpc.ts';
import { ChildHeads } from './outbound/child-heads.ts';
import { RingReader } from './outbound/ring-reader.ts';
import { StationFiles } from './outbound/station-files.ts';
import { KvProcedures, KvRecordingStates } from './outbound/states.ts';

const EVENTS = Symbol('events');
const STALE_UPLOAD_MS = 3_600_000;
/** Those of imports may take days, and are the catalog's. */
const isOurs = (key: string): boolean => !isImportUpload(key);

/** Resumes recordings at the start, ends in order, and sweeps what a killed process left in the object store. */
@Injectable()
class Lifetime implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #stations: StationFiles;
  readonly #ring: RingReader;
  readonly #recordings: Recordings;
  readonly #objects: ObjectStore;
  #sweep: NodeJS.Timeout | undefined;

  constructor(
    @Inject(StationFiles) stations: StationFiles,
    @Inject(RingReader) ring: RingReader,
    @Inject(Recordings) recordings: Recordings,
    @Inject(ObjectStore) objects: ObjectStore,
  ) {
    this.#stations = stations;
    this.#ring = ring;
    this.#recordings = recordings;
    this.#objects = objects;
  }

  async onApplicationBootstrap(): Promise<void> {
    const log = createLogger('buffer');
    for (const { id } of this.#stations.all()) {
      this.#ring.entries(id).catch((error: unknown) => log.warn({ stationId: id, err: error }, 'ring not read yet'));
    }
    await this.#recordings.resume();
    const sweep = () =>
      Promise.all(
        ['clips/', 'recordings/'].map((prefix) => this.#objects.abortStaleUploads(prefix, STALE_UPLOAD_MS, isOurs)),
      )
        .then(([clips = 0, recordings = 0]) => {
          if (clips + recordings > 0) log.info({ uploads: clips + recordings }, 'left uploads removed');
        })
        .catch((error: unknown) => log.warn({ err: error }, 'the sweep of left uploads failed'));
    void sweep();
    this.#sweep = setInterval(() => void sweep(), STALE_UPLOAD_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#sweep);
    await this.#recordings.close();
    await this.#stations.stop();
    health.remove('s3');
    health.remove('stations');
  }
}

/** The only place where ports meet adapters. */
@Module({})
export class AppModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: AppModule,
      imports: [MessagingModule.forRoot({ service: 'buffer', ...config.nats }), HealthModule.forRoot()],
      controllers: [BufferConsumer, BufferRpc],
      providers: [
        {
          provide: ObjectStore,
          useFactory: async () => {
            const objects = new ObjectStore(parseS3Url(config.s3.url, config.s3.credentials));
            await objects.ensureBucket();
            health.add('s3', () => objects.ping());
            return objects;
          },
        },
        {
          provide: StationFiles,
          inject: [Messaging],
          useFactory: async (messaging: Messaging) => {
            const stations = new StationFiles(config.configDir, ({ id, windowSeconds, maxBytes }) =>
              messaging.ensureStream(ringStream(id, windowSeconds * 1000, maxBytes)),
            );
            await stations.start();
            health.add('stations', () => stations.trouble());
            return stations;
          },
        },
        {
          provide: EVENTS,
          inject: [Messaging],
          useFactory: (messaging: Messaging): Events => ({
            publish: async (name, data, id) => void (await messaging.publishEvent(name, data, { id })),
          }),
        },
        { provide: RingReader, inject: [Messaging], useFactory: (messaging: Messaging) => new RingReader(messaging) },
        { provide: KvProcedures, inject: [Messaging], useFactory: KvProcedures.open.bind(KvProcedures) },
        { provide: KvRecordingStates, inject: [Messaging], useFactory: KvRecordingStates.open.bind(KvRecordingStates) },
        {
          provide: SourceWriter,
          inject: [ObjectStore],
          useFactory: (objects: ObjectStore) => new SourceWriter(objects, new ChildHeads()),
        },
        {
          provide: ClipKeeper,
          inject: [ObjectStore, SourceWriter, EVENTS],
          useFactory: (objects: ObjectStore, writer: SourceWriter, events: Events) =>
            new ClipKeeper(objects, writer, events, () => new Date()),
        },
        {
          provide: SaveClipUseCase,
          inject: [StationFiles, KvProcedures, RingReader, ClipKeeper],
          useFactory: (...ports: ConstructorParameters<typeof SaveClipUseCase>) => new SaveClipUseCase(...ports),
        },
        {
          provide: CaptureStillUseCase,
          inject: [StationFiles, KvProcedures, RingReader, ObjectStore, ClipKeeper, SourceWriter, EVENTS],
          useFactory: (...ports: ConstructorParameters<typeof CaptureStillUseCase>) =>
            new CaptureStillUseCase(...ports),
        },
        {
          provide: RingWindowUseCase,
          inject: [StationFiles, KvProcedures, RingReader],
          useFactory: (...ports: ConstructorParameters<typeof RingWindowUseCase>) => new RingWindowUseCase(...ports),
        },
        { provide: SetMarkerUseCase, inject: [EVENTS], useFactory: (events: Events) => new SetMarkerUseCase(events) },
        {
          provide: Recordings,
          inject: [StationFiles, KvProcedures, RingReader, ObjectStore, KvRecordingStates, EVENTS, ClipKeeper],
          useFactory: (
            stations: StationFiles,
            procedures: KvProcedures,
            ring: RingReader,
            objects: ObjectStore,
            states: KvRecordingStates,
            events: Events,
            keeper: ClipKeeper,
          ) => new Recordings({ stations, procedures, ring, objects, states, events, keeper }),
        },
        {
          provide: Failures,
          inject: [EVENTS, ClipKeeper, Recordings],
          useFactory: (...ports: ConstructorParameters<typeof Failures>) => new Failures(...ports),
        },
        Lifetime,
      ],
    };
  }
}
