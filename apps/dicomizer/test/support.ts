import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { EventData, EventName, InstanceCreated, ProcedureSnapshot, RenditionReady } from '@smartbox/contracts';
import { bufferSource, isTransportStream, readMp4Facts, readTsFacts } from '@smartbox/dicom';
import { newId, SmartBoxError } from '@smartbox/kernel';
import { connectMessaging, Messaging, type RpcServer } from '@smartbox/messaging';
import { ObjectStore } from '@smartbox/storage';
import { startNats, testBucket, until, type NatsServer } from '@smartbox/testing';
import { AppModule } from '../src/app.module.ts';
import type { Config } from '../src/config.ts';

export const fixture = (name: string): Buffer =>
  readFileSync(join(import.meta.dirname, '../../../libs/dicom/test/fixtures', name));

export const jpeg = fixture('baseline-64x48.jpg');
export const video = fixture('h264-720p-23976-bframes.mp4');

export const derivation = {
  description: 'Cut from 0:02 to 0:04',
  codes: [{ code: '113040', scheme: 'DCM', meaning: 'Lossy Compression' }],
  lossyHistory: [
    { method: 'ISO_14496_10', ratio: 12.5 },
    { method: 'ISO_14496_10', ratio: 20 },
  ],
};

export const CANARY = 'Müller-Kanarienvogel^Jürgen';

export function snapshot(procedureId: string, name = CANARY, version = 1): ProcedureSnapshot {
  return {
    procedureId,
    version,
    stationId: 'or-1',
    stationName: 'OP 1',
    startedAt: '2026-06-11T22:30:00Z',
    recipe,
    patient: { name, id: 'P-4711', birthDate: '19610503', sex: 'F' },
    study: { studyInstanceUid: '2.25.4711', accessionNumber: 'A-17', referringPhysician: 'Öztürk^Ayşe' },
    request: {
      requestedProcedureId: 'RP1',
      requestedProcedureDescription: 'Spiegelung des Ösophagus',
      scheduledProcedureStepId: 'SPS1',
      accessionNumber: 'A-17',
      studyInstanceUid: '2.25.4711',
      requestedProcedureCodes: [{ code: '76009000', scheme: 'SCT', meaning: 'Ösophagogastroduodenoskopie' }],
      scheduledProtocolCodes: [
        { code: '386831002', scheme: 'SCT', version: '20260901', meaning: 'Spiegelung, geprüft' },
      ],
      referencedStudies: [{ sopClassUid: '1.2.840.10008.3.1.2.3.1', sopInstanceUid: '2.25.2001' }],
      performingPhysician: 'Weiß^Jörg',
    },
    utcOffsetMinutes: 120,
    institution: 'Klinikum',
    // the patient has not agreed to it
    withheld: ['teaching'],
  };
}

const recipe: RenditionReady['origin']['recipe'] = {
  name: 'endoscopy',
  version: 1,
  title: { de: 'Endoskopie', en: 'Endoscopy' },
  saveSeconds: 120,
  dicom: { videoSopClass: 'video-endoscopic', stillSopClass: 'vl-endoscopic', modality: 'ES' },
  renditions: ['pacs'],
  destinations: ['pacs', 'teaching'],
};

/** A dicomizer on real servers, with the neighbours of the line played by the test. */
export class Line {
  readonly nats: NatsServer;
  readonly config: Config;
  readonly store: ObjectStore;
  /** Publishes as the transcoder. */
  readonly transcoder: Messaging;
  readonly catalog: Messaging;
  readonly gateway: Messaging;
  app: NestFastifyApplication | undefined;
  url = '';
  #rpc: RpcServer | undefined;

  private constructor(nats: NatsServer, config: Config, transcoder: Messaging, catalog: Messaging, gateway: Messaging) {
    this.nats = nats;
    this.config = config;
    this.store = new ObjectStore(config.s3);
    this.transcoder = transcoder;
    this.catalog = catalog;
    this.gateway = gateway;
  }

  static async start(): Promise<Line> {
    const [nats, s3] = await Promise.all([startNats(), testBucket()]);
    const signIn = { servers: [nats.url], user: nats.credentials.user, pass: nats.credentials.password };
    const { host, port, bucket } = s3;
    const config: Config = {
      host: '127.0.0.1',
      port: 0,
      nats: signIn,
      s3: { host, port, tls: false, ...s3.credentials, bucket, region: 'us-east-1' },
      deidentifyKey: 'a key of the test, long enough that nobody guesses it',
      version: '0.1.0',
    };
    const join = (service: 'transcoder' | 'catalog' | 'pacs-gateway') => Messaging.connect({ service, ...signIn });
    const line = new Line(nats, config, await join('transcoder'), await join('catalog'), await join('pacs-gateway'));
    await line.startService();
    return line;
  }

  async startService(): Promise<void> {
    this.app = await NestFactory.create<NestFastifyApplication>(AppModule.forRoot(this.config), new FastifyAdapter(), {
      logger: false,
    });
    await connectMessaging(this.app);
    await this.app.listen(0, '127.0.0.1');
    this.url = await this.app.getUrl();
  }

  /** The catalog answers for any procedure. */
  answer(name = CANARY, version = 1, moved: { clipId: string; to: string } | undefined = undefined): void {
    this.#rpc = this.catalog.serve('catalog.get-procedure', ({ procedureId, version: asOf = version, clipId }) => {
      if (moved && clipId === moved.clipId) return { ...snapshot(moved.to, name, version), assignment: 1 };
      if (asOf !== version) return snapshot(procedureId, CANARY, asOf);
      if (name === '') throw new SmartBoxError({ code: 'procedure-not-found', message: 'none', fault: 'input' });
      return snapshot(procedureId, moved ? CANARY : name, version);
    });
  }

  async silence(): Promise<void> {
    await this.#rpc?.close();
    this.#rpc = undefined;
  }

  /** The PACS gateway has sent it there. */
  async stored({ instanceId, sopInstanceUid, transferSyntaxUid, bytes, origin }: InstanceCreated, destination: string) {
    const { kind, id, sourceId } = origin;
    const base = { deliveryId: newId(), instanceId, sopInstanceUid, destination, origin: { kind, id, sourceId } };
    const event = { ...base, attempt: 1, transferSyntaxUid, status: 0, bytes, durationMs: 1 };
    await this.gateway.publishEvent('pacs-gateway.instance.stored', event, { id: base.deliveryId });
  }

  /** Two archives, one of which honours rejection notes; and a way to correct a procedure, and to move a clip. */
  corrections() {
    const archive = { title: '', aeTitle: 'A', host: 'h', port: 104, parked: false };
    const destinations = this.gateway.serve('pacs-gateway.list-destinations', () => ({
      destinations: [
        { ...archive, name: 'iocm', rejectionNotes: true },
        { ...archive, name: 'plain', rejectionNotes: false },
      ],
    }));
    const corrected = (event: EventData<'catalog.procedure.corrected'>) =>
      this.catalog.publishEvent('catalog.procedure.corrected', event, { id: newId() });
    const reassigned = (event: EventData<'catalog.clip.reassigned'>) =>
      this.catalog.publishEvent('catalog.clip.reassigned', event, { id: newId() });
    return { destinations, corrected, reassigned };
  }

  /** Puts a rendition where the transcoder would and returns its event; `change` falsifies it. */
  async rendition(
    payload: Buffer,
    kind: 'pacs' | 'still',
    change: Partial<RenditionReady> = {},
  ): Promise<RenditionReady> {
    const id = newId();
    const key = `clips/${id}/endoscope/renditions/${kind === 'still' ? 'still.jpg' : 'pacs.mp4'}`;
    const contentType = kind === 'still' ? 'image/jpeg' : 'video/mp4';
    await this.store.put(key, payload, { size: payload.length, contentType });
    const source = bufferSource(payload);
    const isTs = await isTransportStream(source);
    const facts = kind === 'still' ? undefined : isTs ? await readTsFacts(source) : await readMp4Facts(source);
    return {
      origin: {
        kind: kind === 'still' ? 'still' : 'clip',
        id,
        sourceId: 'endoscope',
        stationId: 'or-1',
        procedureId: newId(),
        recipe,
        capturedAt: '2026-06-11T22:45:12.345Z',
        durationMs: facts?.durationMs ?? 0,
      },
      rendition: kind,
      key,
      contentType,
      bytes: payload.length,
      sha256: createHash('sha256').update(payload).digest('hex'),
      mode: 'passthrough',
      ...(facts
        ? {
            video: {
              ...facts,
              closedGop: true,
              container: isTs ? ('mpegts' as const) : ('mp4' as const),
              audioTracks: facts.audioTracks ?? 0,
            },
          }
        : { picture: { width: 64, height: 48 } }),
      ...change,
    };
  }

  async announce(event: RenditionReady): Promise<void> {
    await this.transcoder.publishEvent('transcoder.rendition.ready', event, { id: newId() });
  }

  /** Every event of this name about this clip that the stream holds now. */
  async events<N extends EventName & `dicomizer.${string}`>(name: N, clip: string): Promise<EventData<N>[]> {
    const found: EventData<N>[] = [];
    for await (const { event } of this.transcoder.readEvents({ names: [name], follow: false })) {
      const data = event?.data as EventData<N>;
      if (data.origin.id === clip) found.push(data);
    }
    return found;
  }

  waitFor<N extends EventName & `dicomizer.${string}`>(name: N, clip: string): Promise<EventData<N>> {
    return until(async () => (await this.events(name, clip))[0], { what: `${name} of ${clip}` });
  }

  async object(key: string): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of await this.store.get(key)) chunks.push(chunk as Uint8Array);
    return Buffer.concat(chunks);
  }

  async stop(): Promise<void> {
    await this.app?.close();
    await this.transcoder.close();
    await this.catalog.close();
    await this.gateway.close();
    await this.nats.stop();
  }
}
