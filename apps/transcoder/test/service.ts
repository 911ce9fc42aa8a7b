import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { EditSource, EventName, Origin, Recipe } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { connectMessaging, Messaging } from '@smartbox/messaging';
import { ObjectStore, parseS3Url } from '@smartbox/storage';
import { startNats, testBucket } from '@smartbox/testing';

export const recipe: Recipe = {
  name: 'endoscopy',
  version: 1,
  title: { de: 'Endoskopie', en: 'Endoscopy' },
  saveSeconds: 120,
  dicom: { videoSopClass: 'video-endoscopic', stillSopClass: 'vl-endoscopic', modality: 'ES' },
  renditions: ['pacs', 'poster', 'sprite'],
  destinations: ['pacs'],
};

/** The whole service in this process, on servers of its own. */
export interface Service {
  app: NestFastifyApplication;
  /** Speaks as the catalog, unless told otherwise. */
  messaging: Messaging;
  store: ObjectStore;
  scratch: string;
  /** Stores a file as the source of a clip. */
  keep(file: string, frames: number, clipId?: string): Promise<EditSource>;
  close(): Promise<void>;
}

export async function startService(
  env: Record<string, string> = {},
  speaksAs: 'catalog' | 'buffer' = 'catalog',
): Promise<Service> {
  const nats = await startNats();
  const scratch = await mkdtemp(join(tmpdir(), 'transcoder-spec-'));
  const bucket = await testBucket();
  Object.assign(process.env, {
    NATS_URL: nats.url,
    NATS_USER: nats.credentials.user,
    NATS_PASSWORD: nats.credentials.password,
    S3_URL: `${bucket.url}/${bucket.bucket}`,
    S3_ACCESS_KEY: bucket.credentials.accessKey,
    S3_SECRET_KEY: bucket.credentials.secretKey,
    SCRATCH_DIR: join(scratch, 'work'),
    ...env,
  });
  const { config } = await import('../src/config.ts');
  const { AppModule } = await import('../src/app.module.ts');
  const store = new ObjectStore(parseS3Url(config.s3.url, config.s3.credentials));
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), { logger: false });
  await connectMessaging(app);
  const messaging = await Messaging.connect({ service: speaksAs, ...config.nats });
  return {
    app,
    messaging,
    store,
    scratch,
    keep: async (file, frames, clipId = newId()) => {
      const key = `clips/${clipId}/camera-1/source.mp4`;
      const size = (await stat(file)).size;
      const { bytes, sha256 } = await store.put(key, createReadStream(file), { size, contentType: 'video/mp4' });
      return { clipId, sourceId: 'camera-1', key, bytes, sha256, frames };
    },
    close: async () => {
      await messaging.close();
      await app.close();
      await nats.stop();
      await rm(scratch, { recursive: true, force: true });
    },
  };
}

export const originOf = ({ clipId, sourceId, frames }: EditSource): Origin => ({
  kind: 'clip',
  id: clipId,
  sourceId,
  stationId: 'or-1',
  procedureId: newId(),
  recipe,
  capturedAt: '2026-01-01T10:00:00.000Z',
  durationMs: (1000 * frames) / 30,
});

/** Every event of these names about a clip, until `enough`. */
export async function eventsUntil<T>(
  { messaging }: Service,
  names: EventName[],
  clipId: string,
  enough: (found: { name: EventName; data: T }[]) => boolean,
): Promise<{ name: EventName; data: T }[]> {
  const found: { name: EventName; data: T }[] = [];
  for await (const { event, name } of messaging.readEvents({ names, signal: AbortSignal.timeout(120_000) })) {
    const data = event?.data as T & { origin: { id: string } };
    if (!name || data.origin.id !== clipId) continue;
    found.push({ name, data });
    if (enough(found)) return found;
  }
  throw new Error(`only ${found.length} events of ${names.join(', ')} came: ${JSON.stringify(found).slice(0, 2000)}`);
}
