import 'reflect-metadata';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { createWriteStream } from 'node:fs';
import { hash } from 'node:crypto';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { INestApplication } from '@nestjs/common';
import {
  buckets,
  formatRingHeaders,
  ProcedureEntry,
  ringMessageId,
  ringSubject,
  StationProcedure,
  type EventData,
  type EventName,
  type Recipe,
  type RingHeaders,
} from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { Fragmenter, SyntheticPattern, type MediaFragment } from '@smartbox/media';
import { frameCounters, H264Encoder } from '@smartbox/media/native';
import { connectMessaging, Messaging } from '@smartbox/messaging';
import { ObjectStore, parseS3Url } from '@smartbox/storage';
import { startNats, testBucket, until, type NatsServer, type TestBucket } from '@smartbox/testing';
import { stringify } from 'yaml';
import { AppModule } from '../src/app.module.ts';
import { readConfig } from '../src/config.ts';

export const FPS = 30;
const FRAME = 90_000 / FPS;

export const recipe: Recipe = {
  name: 'endoscopy',
  version: 1,
  title: { de: 'Endoskopie', en: 'Endoscopy' },
  saveSeconds: 120,
  dicom: { videoSopClass: 'video-endoscopic', stillSopClass: 'vl-endoscopic', modality: 'ES' },
  renditions: ['pacs'],
  destinations: [],
};

/** Everything a buffer needs, on real servers; station `or-1` with the sources `scope` and `room`. */
export class Room {
  readonly nats: NatsServer;
  readonly bucket: TestBucket;
  readonly configDir: string;
  readonly messaging: Messaging;
  readonly objects: ObjectStore;

  private constructor(nats: NatsServer, bucket: TestBucket, configDir: string, messaging: Messaging) {
    this.nats = nats;
    this.bucket = bucket;
    this.configDir = configDir;
    this.messaging = messaging;
    this.objects = new ObjectStore(parseS3Url(bucket.url, { ...bucket.credentials, bucket: bucket.bucket }));
  }

  static async open(): Promise<Room> {
    const [nats, bucket] = await Promise.all([startNats(), testBucket()]);
    const configDir = await mkdtemp(join(tmpdir(), 'buffer-config-'));
    await mkdir(join(configDir, 'stations'));
    const source = (id: string) => ({ id, name: id, kind: 'synthetic', pacs: id !== 'room' });
    const station = { id: 'or-1', name: 'OR 1', windowSeconds: 900, sources: ['scope', 'room'].map(source) };
    await writeFile(join(configDir, 'stations', 'or-1.yaml'), stringify(station));
    const { user, password } = nats.credentials;
    const messaging = await Messaging.connect({ service: 'catalog', servers: nats.url, user, pass: password });
    return new Room(nats, bucket, configDir, messaging);
  }

  environment(): Record<string, string> {
    const { nats, bucket, configDir } = this;
    return {
      NATS_URL: nats.url,
      NATS_USER: nats.credentials.user,
      NATS_PASSWORD: nats.credentials.password,
      S3_URL: `${bucket.url}/${bucket.bucket}`,
      S3_ACCESS_KEY: bucket.credentials.accessKey,
      S3_SECRET_KEY: bucket.credentials.secretKey,
      CONFIG_DIR: configDir,
    };
  }

  async startBuffer(): Promise<INestApplication> {
    const app = await NestFactory.create(AppModule.forRoot(readConfig(this.environment())), new FastifyAdapter(), {
      logger: false,
      abortOnError: false,
    });
    await connectMessaging(app);
    await app.listen(0, '127.0.0.1');
    return app;
  }

  async beginProcedure(stationId = 'or-1'): Promise<string> {
    const procedureId = newId();
    const since = new Date().toISOString();
    const { name } = buckets.procedures;
    const entry = { procedureId, stationId, recipe, startedAt: since };
    await (await this.messaging.kv(name, ProcedureEntry)).put(`procedure.${procedureId}`, entry);
    await (
      await this.messaging.kv(name, StationProcedure)
    ).put(`station.${stationId}`, { stationId, procedureId, since });
    return procedureId;
  }

  /** The events of a name that match, so far. */
  async events<N extends EventName>(name: N, match: (data: EventData<N>) => boolean): Promise<EventData<N>[]> {
    const found: EventData<N>[] = [];
    for await (const { event } of this.messaging.readEvents({ names: [name], follow: false })) {
      const data = event?.data as EventData<N> | undefined;
      if (data && match(data)) found.push(data);
    }
    return found;
  }

  eventually<N extends EventName>(name: N, match: (data: EventData<N>) => boolean): Promise<EventData<N>> {
    return until(async () => (await this.events(name, match))[0], { timeoutMs: 60_000, what: name });
  }

  async keys(prefix: string): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of this.objects.list(prefix)) keys.push(key);
    return keys;
  }

  /** The burnt-in counters of a stored file, decoded. */
  async counters(key: string): Promise<(number | null)[]> {
    const path = join(this.configDir, `${newId()}.mp4`);
    await pipeline(await this.objects.get(key), createWriteStream(path));
    const counters = await frameCounters(path);
    await rm(path);
    return counters;
  }

  async close(): Promise<void> {
    await this.messaging.close();
    await this.nats.stop();
    await rm(this.configDir, { recursive: true });
  }
}

export interface CameraOptions {
  sourceId: string;
  procedureId: string;
  stationId?: string;
  width?: number;
  height?: number;
}

/** A real encoder whose pictures carry counters, publishing whole GOPs into the ring as capture-edge does. */
export class Camera {
  readonly #messaging: Messaging;
  readonly #pattern: SyntheticPattern;
  readonly #encoder: H264Encoder;
  #fragmenter = new Fragmenter({ frameDuration: FRAME });
  #epoch = newId();
  #sequence = 0;
  #lost = 0;
  /** Ticks of the station's monotonic clock. */
  ticks = 90_000 * 1000;
  counter = 0;
  /** How far the station's wall clock is off, ms. */
  clockErrorMs = 0;
  /** When the camera's clock showed 0; else a GOP is labelled as captured just now. Milliseconds since 1970. */
  wallStartMs: number | undefined;
  procedureId: string;
  readonly stationId: string;
  readonly sourceId: string;

  constructor(messaging: Messaging, options: CameraOptions) {
    const size = { width: options.width ?? 320, height: options.height ?? 180 };
    this.#messaging = messaging;
    this.#pattern = new SyntheticPattern({ ...size, name: options.sourceId });
    this.#encoder = new H264Encoder({ ...size, frameRate: { num: FPS, den: 1 }, bitrate: 500_000 });
    this.procedureId = options.procedureId;
    this.sourceId = options.sourceId;
    this.stationId = options.stationId ?? 'or-1';
  }

  /** Captures and publishes whole GOPs; `spoil` may change the payload after it was hashed. */
  async gops(count: number, options: { frames?: number; spoil?: (payload: Buffer, gop: number) => void } = {}) {
    for (let gop = 0; gop < count; gop++) {
      const fragment = this.#capture(options.frames ?? FPS);
      await this.#publish(fragment, (payload) => options.spoil?.(payload, gop));
    }
  }

  /** Publishes a GOP each second, as a camera does, until `signal` aborts. */
  async live(signal: AbortSignal): Promise<void> {
    const begun = performance.now();
    for (let second = 1; !signal.aborted; second++) {
      await this.gops(1);
      const wait = begun + second * 1000 - performance.now();
      if (wait > 0) await delay(wait, undefined, { signal }).catch(() => undefined);
    }
  }

  /** As after a crash of the source: a new epoch, `lostMs` later. */
  restart(lostMs: number): void {
    this.#epoch = newId();
    this.#sequence = 0;
    this.#lost = lostMs * 90;
    this.ticks += this.#lost;
  }

  beginProcedure(procedureId: string): void {
    this.procedureId = procedureId;
    this.#epoch = newId();
    this.#sequence = 0;
  }

  close(): void {
    this.#encoder.close();
  }

  #capture(frames: number): MediaFragment {
    let fragment: MediaFragment | null = null;
    for (let frame = 0; frame < frames; frame++) {
      this.#pattern.paint(this.#encoder.planes, this.counter++, new Date());
      const unit = this.#encoder.encode(this.ticks, frame === 0);
      if (unit) this.#fragmenter.push(unit);
      this.ticks += FRAME;
    }
    fragment = this.#fragmenter.cut(this.ticks);
    if (!fragment) throw new Error('no fragment');
    return fragment;
  }

  #capturedMs({ baseMediaDecodeTime, duration }: MediaFragment): number {
    if (this.wallStartMs !== undefined) return this.wallStartMs + baseMediaDecodeTime / 90;
    return Date.now() + this.clockErrorMs - duration / 90;
  }

  async #publish(fragment: MediaFragment, spoil: (payload: Buffer) => void): Promise<void> {
    const payload = Buffer.concat([fragment.init, fragment.data]);
    const headers: RingHeaders = {
      station: this.stationId,
      source: this.sourceId,
      procedure: this.procedureId,
      epoch: this.#epoch,
      sequence: this.#sequence++,
      capturedAt: new Date(this.#capturedMs(fragment)).toISOString(),
      monotonicNs: String((BigInt(fragment.baseMediaDecodeTime) * 100_000n) / 9n),
      baseTime: fragment.baseMediaDecodeTime,
      keyframe: fragment.keyframe,
      frames: fragment.frames,
      sampleDurations: fragment.sampleDurations.join(','),
      sampleSizes: fragment.sampleSizes.join(','),
      gapBefore: this.#lost,
      gapReason: this.#lost > 0 ? 'source-restarted' : 'none',
      initBytes: fragment.init.length,
      sha256: hash('sha256', payload),
      codec: 'avc1.64000d',
      width: 320,
      height: 180,
      frameRate: `${FPS}/1`,
      encoder: this.#encoder.description,
    };
    this.#lost = 0;
    spoil(payload);
    const subject = ringSubject(this.stationId, this.sourceId);
    await this.#messaging.ring.publishRing(subject, payload, formatRingHeaders(headers), ringMessageId(headers));
  }
}

export const counters = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);
